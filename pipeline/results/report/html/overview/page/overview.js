// Makes the page of all runs from its table and what the script is given.

const FACTS = JSON.parse(document.getElementById("facts").textContent);
// More lines than these cannot be told apart.
const MOST_CHOSEN = 24;

// Returns the name of a run; where others have it too, with its time.
function nameOf(run, chosen) {
  const name = FACTS.names[run];
  const others = chosen.filter((one) => FACTS.names[one] === name);
  return others.length > 1 ? `${name} (${FACTS.made[run]})` : name;
}

// Tells whether any of some curves ends before another one begins.
function areApart(curves) {
  const there = curves.filter(({ seconds }) => seconds.length > 0);
  const begin = Math.max(...there.map(({ seconds }) => seconds[0]));
  return there.some(({ seconds }) => seconds.at(-1) < begin);
}

function makePage() {
  const section = document.getElementById("chosen");
  const overlay = new Overlay(
    section.querySelector(".overlay"),
    document.getElementById("told"),
    document.getElementById("read"),
  );
  const table = new RunTable(document.getElementById("all"), FACTS.figures);
  const note = document.querySelector("#runs .note");
  const search = document.querySelector(".search");
  const together = section.querySelector("input");
  let asked = false;
  // Runs of other times begin together, until the reader says how they are to lie.
  const begin = (curves) => {
    if (!asked) together.checked = areApart(curves);
    return together.checked;
  };
  const told = (found) => {
    const all = table.rows.length;
    const some = found < all ? `${WHOLE.format(found)} of ${formatCount(all, "run")} found. ` : "";
    note.textContent =
      `${some}Choose runs to lay them over each other and to compare them. A click on a heading ` +
      "sorts by it; arrow keys go from box to box.";
  };
  table.changed = (all) => {
    const chosen = all.slice(0, MOST_CHOSEN);
    section.hidden = chosen.length === 0;
    if (section.hidden) return;
    const lines = chosen.map((run, place) => ({ place, name: nameOf(run, chosen), curve: FACTS.curves[run] }));
    overlay.show(lines, begin(lines.map(({ curve }) => curve)));
    const below = section.querySelector(".note");
    drawComparison(document.getElementById("differences"), below, FACTS, chosen);
    if (all.length > chosen.length) {
      below.textContent += ` Of ${formatCount(all.length, "chosen run")} the first ${MOST_CHOSEN} are shown.`;
    }
  };
  search.hidden = false;
  search.querySelector("input").addEventListener("input", ({ target }) => told(table.search(target.value)));
  together.addEventListener("change", () => {
    asked = true;
    overlay.show(overlay.lines, together.checked);
  });
  document.getElementById("none").addEventListener("click", () => table.choose([]));
  told(table.rows.length);
  // A browser may keep what was chosen when a page is loaded again.
  table.changed(table.chosen());
  return { table, overlay };
}

themeButton(document.getElementById("theme"));
// A program that drives the page can use it.
window.overview = makePage();
