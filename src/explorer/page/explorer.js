// The explorer's page. Everything that is shown comes from the server that the page comes from; texts become nodes,
// never markup.

/** What the page shows now: where it is, what was found in the scenario, and the path. */
const now = { route: null, scenario: null, view: null, formula: "" };
/** The places that `undo` leads back to. */
const trail = [];
/** Answers to former questions are not shown any more. */
let asked = 0;

const SIGNS = { violated: "✗", holds: "✓", possible: "◆", impossible: "∅", undecided: "?", vacuous: "~" };
const KINDS = { call: "▸", timer: "◷", arrival: "→", loss: "✗", duplicate: "+", time: "⋮" };
const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a child is an element or a text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function svgElement(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

async function ask(place) {
  const answer = await fetch(place);
  const body = await answer.json().catch(() => ({ error: `the server answers ${answer.status}` }));
  if (!answer.ok) throw new Error(body.error);
  return body;
}

// Places: `#/steps/0/2/1` is stateright's address of a path, `#/run/NAME` a run that is no path in whole ticks.

function route() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const asks = new URLSearchParams(query);
  const number = (key) => (/^\d+$/.test(asks.get(key) ?? "") ? Number(asks.get(key)) : null);
  const property = asks.get("property");
  if (path.startsWith("/run/")) return { run: decoded(path.slice(5)), at: number("at"), property: null };
  if (!path.startsWith("/steps/0")) return null;
  const places = path.slice(7).split("/").filter((place) => place !== "").slice(1).map(Number);
  const offset = number("offset");
  const at = number("at") ?? (offset === null ? null : Math.max(0, places.length - offset));
  return { places, at, property };
}

/** An address may have been cut off within a character: then it names nothing that is there. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function address({ places, run, at, property }) {
  const asks = new URLSearchParams();
  if (at !== null && at !== undefined) asks.set("at", at);
  if (property) asks.set("property", property);
  const query = asks.size ? `?${asks}` : "";
  return run ? `#/run/${encodeURIComponent(run)}${query}` : `#/steps/${["0", ...places].join("/")}${query}`;
}

function go(to) {
  if (address(to) === location.hash) return;
  trail.push(location.hash);
  location.hash = address(to);
}

function select(at) {
  const length = now.view.steps.length;
  const to = Math.max(0, Math.min(length, at));
  if (to === now.view.at) return;
  // Along the path there is nothing to undo.
  history.replaceState(null, "", address({ ...now.route, at: to === length ? null : to }));
  show();
}

function take(choice) {
  if (!choice || now.route.run) return;
  go({ places: [...now.route.places.slice(0, now.view.at), choice.place] });
}

function undo() {
  const before = trail.pop();
  if (before !== undefined) location.hash = before;
  else if (now.route.places?.length) location.hash = address({ places: now.route.places.slice(0, -1) });
}

async function show() {
  const mine = ++asked;
  const to = route() ?? start();
  if (!to) {
    const why = "No verdict has a run here, and the world has no steps to be taken.";
    drawNothing("Nothing to walk through", element("p", {}, why));
    return;
  }
  const asks = new URLSearchParams();
  if (to.at !== null) asks.set("at", to.at);
  const property = to.run ?? to.property;
  if (property) asks.set("property", property);
  const place = to.run ? "/api/counterexample" : `/api/path/${["0", ...to.places].join("/")}`;
  try {
    const view = await ask(`${place}?${asks}`);
    if (mine !== asked) return;
    Object.assign(now, { route: to, view });
    draw();
    await evaluate();
  } catch (error) {
    if (mine !== asked) return;
    const initial = element("p", {}, element("a", { href: "#/steps/0" }, "To the initial state"));
    drawNothing("There is no such path", element("p", {}, error.message), initial);
  }
}

/** The address names no path: nothing of a former one is shown, and no key goes along it. */
function drawNothing(title, ...why) {
  now.view = null;
  document.title = `${title} – ${now.scenario.name} – lastack`;
  document.body.classList.add("lost");
  byId("shown").className = "";
  byId("shown").replaceChildren(element("h2", {}, title), ...why);
  for (const link of document.querySelectorAll("nav a")) link.removeAttribute("aria-current");
  document.body.dataset.ready = location.hash;
}

/** Where no path is named: the run of the first verdict that has one, for unexpected ones come first. */
function start() {
  const { verdicts, can_walk } = now.scenario;
  const first = verdicts.find((verdict) => verdict.has_run);
  if (!first) return can_walk ? { places: [], at: null, property: null } : null;
  return first.places
    ? { places: first.places, at: null, property: first.name }
    : { run: first.name, at: null, property: null };
}

function draw() {
  const { route, view } = now;
  // Before the ladder: what is hidden has no size to scroll by.
  document.body.classList.remove("lost");
  document.title = `${view.decided[0]?.name ?? "A path"} – ${now.scenario.name} – lastack`;
  drawShown();
  drawLadder();
  drawNext();
  drawPath();
  drawState();
  const length = view.steps.length;
  for (const [id, off] of [
    ["first", view.at === 0],
    ["back", view.at === 0],
    ["forth", view.at === length],
    ["last", view.at === length],
    ["undo", trail.length === 0 && !route.places?.length],
  ]) {
    byId(id).disabled = off;
  }
  const places = route.run ? "/run" : `/${["0", ...route.places].join("/")}`;
  const property = route.run ?? route.property;
  const query = property ? `?${new URLSearchParams({ property })}` : "";
  const links = ["svg", "pcap", "itf"].flatMap((format) => [
    " ",
    element("a", { href: `/download${places}.${format}${query}`, download: true }, format.toUpperCase()),
  ]);
  byId("downloads").replaceChildren("Download", ...links);
  byId("stateright").href = route.run ? "/stateright/" : `/stateright/${address({ places: route.places })}`;
  for (const link of document.querySelectorAll("nav a")) {
    const isShown = view.decided.some((decided) => decided.name === link.dataset.name);
    if (isShown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** What the path decides; else where it leads. */
function drawShown() {
  const { view } = now;
  const box = byId("shown");
  const [decided, ...others] = view.decided;
  if (!decided) {
    const violates = violatedAt(view.at);
    box.className = violates.length ? "violated-page" : "";
    const last = view.at === 0 ? "The initial state" : `${view.steps[view.at - 1].text}`;
    const nodes = [element("h2", {}, last)];
    if (violates.length) nodes.push(element("p", { class: "violates" }, `✗ This state violates ${violates.join(", ")}.`));
    nodes.push(element("p", { class: "reason" }, view.changes.split("\n").filter(Boolean).join("; ") || "Choose what happens next, or open a verdict's run."));
    box.replaceChildren(...nodes);
    return;
  }
  box.className = decided.verdict === "possible" ? "possible-page" : "violated-page";
  const title = `${decided.name} is ${decided.verdict}`;
  const nodes = [
    element("h2", {}, element("span", { class: decided.verdict }, `${SIGNS[decided.verdict]} `), title),
    element("p", {}, ...prose(decided.about)),
  ];
  if (decided.reason) {
    nodes.push(element("p", { class: decided.is_surprise ? "violates" : "" }, ...prose(decided.reason)));
  }
  nodes.push(element("p", {}, element("code", {}, decided.formula)));
  if (decided.ending.length) {
    const [first, ...reasons] = decided.ending;
    nodes.push(element("p", {}, `${capital(first)}${reasons.length ? "" : "."}`));
    if (reasons.length) nodes.push(element("ul", { id: "fair" }, ...reasons.map((reason) => element("li", {}, ...prose(reason)))));
  }
  if (others.length) {
    nodes.push(element("p", { class: "reason" }, `The same path decides ${others.map((one) => one.name).join(", ")}.`));
  }
  box.replaceChildren(...nodes);
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence as nodes: what stands between backticks is code. */
function prose(text) {
  return capital(text)
    .split("`")
    .map((part, number) => (number % 2 ? element("code", {}, part) : part));
}

function violatedAt(at) {
  return at === 0 ? now.view.violates : now.view.steps[at - 1].violates;
}

function drawLadder() {
  const { svg, heights } = now.view.ladder;
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  const picture = document.importNode(parsed.documentElement, true);
  const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
  // The margins are for pictures that stand alone.
  const right = now.view.decided[0]?.ending.length ? width - 40 : width - 56;
  picture.setAttribute("viewBox", `6 0 ${right} ${height}`);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
  const y = heights[now.view.at] ?? heights.at(-1);
  if (now.view.at < now.view.steps.length) {
    picture.append(svgElement("rect", { class: "explorer-later", x: 0, y: y + 10, width, height: Math.max(0, height - y - 10) }));
  }
  picture.append(
    svgElement("line", { class: "explorer-here", x1: 216, x2: 556, y1: y + 9, y2: y + 9, "stroke-dasharray": "1 5", "stroke-linecap": "round" }),
    svgElement("path", { class: "explorer-here-head", d: `M${right + 6} ${y + 3}v12l-9 -6z` }),
  );
  const box = byId("ladder");
  const isFirst = !box.firstChild;
  box.replaceChildren(picture);
  const scale = picture.getBoundingClientRect().height / height;
  const there = y * scale;
  if (there < box.scrollTop + 40 || there > box.scrollTop + box.clientHeight - 40) {
    box.scrollTop = there - box.clientHeight / 2;
  }
  // On a narrow screen both lifelines stand in the middle.
  if (isFirst) box.scrollLeft = (386 - 6) * scale - box.clientWidth / 2;
  box.onclick = (event) => {
    if (String(getSelection())) return;
    const at = (event.clientY - picture.getBoundingClientRect().top) / scale;
    const far = heights.map((height) => Math.abs(height - at));
    select(far.indexOf(Math.min(...far)));
  };
}

function drawNext() {
  const { next } = now.view;
  const choices = next.map((choice, number) =>
    element(
      "li",
      {},
      element(
        "button",
        {
          type: "button",
          onclick: () => take(choice),
          "aria-keyshortcuts": number < 9 ? String(number + 1) : null,
        },
        number < 9 ? element("kbd", { "aria-hidden": "true" }, String(number + 1)) : element("span"),
        element("span", {}, choice.text),
        element("small", {}, choice.changes.split("\n").join("; ")),
      ),
    ),
  );
  const none = now.route.run
    ? "This run is shown as it is: its world has no steps here."
    : "Nothing: the run ends here.";
  byId("next").replaceChildren(choices.length ? element("ol", {}, ...choices) : element("p", { class: "reason" }, none));
}

function drawPath() {
  const { steps, at, decided, violates } = now.view;
  const from = decided[0]?.repeats_from ?? null;
  const item = (number, sign, text, moment, violated) => {
    const names = violated.length ? element("small", { class: "violates" }, `✗ violates ${violated.join(", ")}`) : null;
    const kind = element("span", { class: `kind kind-${sign}`, "aria-hidden": "true" }, KINDS[sign] ?? "•");
    const classes = number > at ? "later" : "";
    return element(
      "li",
      { class: from !== null && number > from ? "cycle" : null },
      element(
        "button",
        { type: "button", onclick: () => select(number), "aria-current": number === at ? "step" : null, class: classes },
        kind,
        element("span", {}, text),
        element("span", { class: "moment", title: "ticks since the beginning" }, moment),
        names,
      ),
    );
  };
  // Ticks between which nothing happens are one passing of time, unless the state between them is selected.
  const isApart = (number) => number === at || number === from || steps[number - 1].violates.length > 0;
  const items = steps.flatMap((step, index) => {
    const isTime = (other) => steps[other]?.kind === "time";
    if (isTime(index) && isTime(index + 1) && !isApart(index + 1)) return [];
    const isMerged = isTime(index) && isTime(index - 1) && !isApart(index);
    const text = isMerged ? `time passes until ${step.moment}` : step.text;
    return [item(index + 1, step.kind, text, step.moment, step.violates)];
  });
  byId("path").replaceChildren(item(0, "", "the initial state", "tick 0", violates), ...items);
  if (from !== null) {
    const note = `The steps from ${from + 1} on are repeated forever.`;
    byId("path").append(element("li", { class: "reason" }, note));
  }
}

function drawState() {
  const { state, before } = now.view;
  const [a, b] = state.ends;
  const table = (caption, key) => {
    const names = [...new Set(state.ends.flatMap((end) => end[key].map(([name]) => name)))];
    const gone = (before?.ends ?? []).flatMap((end) => end[key].map(([name]) => name)).filter((name) => !names.includes(name));
    const all = [...names, ...new Set(gone)];
    if (!all.length) return null;
    const cell = (end, index, name) => {
      const value = new Map(end[key]).get(name) ?? "";
      const was = before ? (new Map(before.ends[index][key]).get(name) ?? "") : value;
      if (was === value) return element("td", {}, value);
      const old = was === "" ? [] : [element("s", {}, was)];
      return element("td", { class: "changed" }, ...old, value || "–");
    };
    return element(
      "table",
      {},
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, caption), element("th", { scope: "col" }, a.end), element("th", { scope: "col" }, b.end))),
      element("tbody", {}, ...all.map((name) => element("tr", {}, element("th", { scope: "row" }, name), cell(a, 0, name), cell(b, 1, name)))),
    );
  };
  const known = new Set(before?.copies.map((copy) => copy.label));
  const copies = state.copies.map((copy) => {
    const isNew = before && !known.has(copy.label);
    const text = `${copy.label} ${copy.segment}, ${copy.from} → ${copy.to}, age ${copy.age}`;
    return element("li", {}, text, copy.is_duplicate ? " (duplicate)" : "", isNew ? element("strong", {}, " new") : "");
  });
  const rows = state.network.map(([name, value], index) => {
    const was = before?.network[index][1] ?? value;
    return was === value ? `${name} ${value}` : `${name} ${was} → ${value}`;
  });
  byId("state").replaceChildren(
    ...[
      element("p", { class: "reason" }, `In flight${copies.length ? "" : ": nothing"}`),
      element("ul", {}, ...copies),
      element("p", { class: "reason" }, capital(rows.join(", "))),
      table("timer", "timers"),
      table("observation", "observations"),
      table("variable", "variables"),
    ].filter(Boolean),
  );
}

async function evaluate() {
  const box = byId("truth");
  if (!now.formula || now.route.run) {
    box.replaceChildren(now.formula ? element("p", { class: "reason" }, "A formula is evaluated along the paths of whole ticks.") : "");
    document.body.dataset.ready = location.hash;
    return;
  }
  const mine = asked;
  const query = new URLSearchParams({ formula: now.formula }).toString().replaceAll("+", "%20");
  try {
    const answer = await ask(`/api/formula/${["0", ...now.route.places].join("/")}?${query}`);
    if (mine !== asked) return;
    const nodes = [element("p", {}, element("code", {}, answer.formula))];
    for (const instance of answer.instances) {
      const who = instance.this ? `where self is ${instance.this}: ` : "";
      nodes.push(element("p", {}, `${who}${instance.result}`));
      for (const { name, values } of instance.predicates) {
        const cells = values.map((value, number) =>
          element(
            "button",
            {
              type: "button",
              class: value ? "true" : "false",
              title: `after step ${number}`,
              "aria-label": `${name} is ${value} after step ${number}`,
              "aria-current": number === now.view.at ? "step" : null,
              onclick: () => select(number),
            },
            value ? "✓" : "✗",
          ),
        );
        nodes.push(element("div", { class: "strip" }, element("span", { class: "code" }, name), ...cells));
      }
    }
    box.replaceChildren(...nodes);
  } catch (error) {
    if (mine !== asked) return;
    box.replaceChildren(element("pre", { tabindex: "0" }, error.message));
  }
  document.body.dataset.ready = location.hash;
}

/** The verdicts of a property that are the same, together. */
function together(verdicts) {
  const groups = new Map();
  for (const verdict of verdicts) {
    const key = [verdict.property, verdict.verdict, verdict.is_surprise, verdict.reason].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  return [...groups.values()];
}

function drawVerdicts() {
  const { verdicts, not_applicable, set } = now.scenario;
  // Of a world that was changed nothing is expected but that nothing is violated.
  const surprises = set.length ? "violated" : "not as expected";
  const groups = [
    [capital(surprises), (one) => one.is_surprise, true],
    ["Undecided", (one) => !one.is_surprise && one.verdict === "undecided", true],
    ["Violated", (one) => !one.is_surprise && one.verdict === "violated", true],
    ["Possible", (one) => !one.is_surprise && one.verdict === "possible", true],
    ["Impossible", (one) => !one.is_surprise && one.verdict === "impossible", false],
    ["Holds", (one) => !one.is_surprise && one.verdict === "holds", false],
    ["Vacuous: the premise is never true", (one) => one.verdict === "vacuous", false],
  ];
  const nodes = [];
  for (const [title, isIn, isOpen] of groups) {
    const all = together(verdicts.filter(isIn));
    if (!all.length) continue;
    const items = element("ul", {}, ...all.map(verdictItem));
    nodes.push(isOpen ? element("h3", {}, title) : "", isOpen ? items : element("details", {}, element("summary", {}, `${title} (${all.length})`), items));
  }
  if (not_applicable.length) {
    const items = not_applicable.map((name) => element("li", {}, name));
    nodes.push(element("details", {}, element("summary", {}, `Not applicable (${not_applicable.length})`), element("ul", {}, ...items)));
  }
  byId("groups").replaceChildren(...nodes);
  const count = (isIn) => verdicts.filter(isIn).length;
  const totals = [
    [count((one) => one.is_surprise), surprises],
    [count((one) => one.verdict === "undecided"), "undecided"],
    [count((one) => !one.is_surprise && one.verdict === "violated"), "violated"],
    [count((one) => one.verdict === "holds"), "hold"],
  ];
  byId("totals").textContent = totals.filter(([number]) => number).map(([number, what]) => `${number} ${what}`).join(", ");
  byId("verdicts").open = matchMedia("(min-width: 1100px)").matches;
}

function verdictItem(same) {
  const [first] = same;
  const links = same.filter((one) => one.has_run).map((one) => {
    const to = one.places ? address({ places: one.places, property: one.name }) : address({ run: one.name });
    const end = one.name.includes("@") ? one.name.split("@")[1] : "run";
    const label = `The run that decides ${one.name}`;
    return element("a", { href: to, "data-name": one.name, "aria-label": label, onclick: () => trail.push(location.hash) }, end);
  });
  const name = same.length === 1 && !links.length ? first.name : first.property;
  return element(
    "li",
    { class: first.is_surprise ? "surprise" : null, title: first.about },
    element("span", { class: `sign ${first.verdict}`, "aria-hidden": "true" }, SIGNS[first.verdict]),
    name,
    first.is_surprise && !now.scenario.set.length ? ` ${first.verdict}` : "",
    links.length ? element("span", { class: "ends" }, ...links) : "",
    first.reason ? element("p", { class: "reason" }, ...prose(first.reason)) : "",
  );
}

const KEYS = {
  ArrowUp: () => select(now.view.at - 1),
  k: () => select(now.view.at - 1),
  ArrowDown: () => select(now.view.at + 1),
  j: () => select(now.view.at + 1),
  Home: () => select(0),
  End: () => select(now.view.steps.length),
  u: undo,
  f: () => byId("formula").focus(),
};

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input") || !now.view) return;
  if (event.target === byId("ladder") && event.key.startsWith("Arrow")) return;
  const act = /^[1-9]$/.test(event.key) ? () => take(now.view.next[Number(event.key) - 1]) : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

async function begin() {
  for (const [id, act] of [
    ["first", KEYS.Home],
    ["back", KEYS.ArrowUp],
    ["forth", KEYS.ArrowDown],
    ["last", KEYS.End],
    ["undo", undo],
  ]) {
    byId(id).addEventListener("click", act);
  }
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    now.formula = byId("formula").value.trim();
    if (now.view) evaluate();
  });
  addEventListener("keydown", pressed);
  addEventListener("hashchange", show);
  try {
    now.scenario = await ask("/api/scenario");
  } catch (error) {
    byId("about").textContent = `The server does not answer: ${error.message}`;
    return;
  }
  const { name, about, size, set, notes } = now.scenario;
  byId("scenario").textContent = name;
  byId("about").replaceChildren(...prose(about));
  byId("facts").textContent = [`${size}.`, ...set.map((one) => `Set: ${one}.`), ...notes].join(" ");
  drawVerdicts();
  await show();
}

begin();
