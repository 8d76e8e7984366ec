// mdBook finds words, which are set apart by blanks, by how they begin. Chinese has no blanks between words. So a
// query with Chinese characters is looked for as it is written; what has it in its title comes first.
if (window.elasticlunr) {
  const search = elasticlunr.Index.prototype.search;

  // What stands around the first place of a term. The blanks make a word of the term, which mdBook then highlights.
  const excerpt = (text, term) => {
    const at = text.toLowerCase().indexOf(term);
    if (at < 0) {
      return text.slice(0, 100);
    }
    const end = at + term.length;
    return [text.slice(Math.max(0, at - 30), at), text.slice(at, end), text.slice(end, end + 70)].join(" ");
  };

  elasticlunr.Index.prototype.search = function (query, options) {
    if (!/\p{Script=Han}/u.test(query)) {
      return search.call(this, query, options);
    }
    const terms = query.toLowerCase().split(/\s+/);
    const results = Object.entries(this.documentStore.docs).flatMap(([ref, doc]) => {
      const has = (text) => (term) => text.toLowerCase().includes(term);
      if (!terms.every(has(`${doc.title}\n${doc.body}`))) {
        return [];
      }
      const score = terms.filter(has(doc.title)).length;
      return { ref, score, doc: { ...doc, body: excerpt(doc.body, terms[0]) } };
    });
    return results.sort((one, other) => other.score - one.score);
  };
}
