// The book is in one language for mdBook; its pages under zh/ are in Chinese.
if (/\/zh\//.test(window.location.pathname)) {
  document.documentElement.lang = "zh-Hans";
}
