// Which pages a search lists first. Sphinx gives 15 points to every page with the word
// in any heading, and lists equals by the alphabet: assignments before chapters.
const asked = (new URLSearchParams(location.search).get("q") || "").toLowerCase().trim();

var Scorer = {
  score: ([page, title, , , points]) => {
    if (page.startsWith("notebooks/")) points += 1;
    return title.toLowerCase().includes(asked) ? points + 10 : points;
  },

  // Sphinx's own numbers, which it does not keep beside ours
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

// Sphinx's sentence for no hit speaks of categories; there are none here.
Documentation.addTranslations({
  locale: "en",
  plural_expr: "0",
  messages: {
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "No page has all of these words. Try one of them alone, or the glossary.",
  },
});
