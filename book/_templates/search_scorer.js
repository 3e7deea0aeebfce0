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
