// The figures of the chosen runs side by side, and the settings in which these differ.

const MOST_SETTINGS = 80;

function headOf(chosen, facts) {
  const cells = chosen.map((run, n) => {
    const sample = svg("svg", { class: "sample", width: 22, height: 10, "aria-hidden": "true" });
    sample.append(svg("path", { class: lineClass(n), d: "M0 5H22" }));
    const name = element("span", { class: "name", text: facts.names[run] });
    const made = element("span", { class: "under", text: facts.made[run] });
    return element("th", { scope: "col", class: "run" }, sample, name, made);
  });
  return element("thead", {}, element("tr", {}, element("td"), ...cells));
}

function lineOf(name, texts, kind) {
  const cells = texts.map((text) => element("td", { text, class: kind }));
  return element("tr", {}, element("th", { scope: "row", text: name, class: kind }), ...cells);
}

function groupOf(title, lines, width) {
  const head = element("th", { text: title, scope: "rowgroup", colspan: width, class: "group" });
  return element("tbody", {}, element("tr", {}, head), ...lines);
}

// Tells whether the chosen runs differ in a setting.
function differs({ places, made }, chosen) {
  const theirs = new Set(chosen.map((run) => places[run]));
  if (made) theirs.delete(-1);
  return theirs.size > 1;
}

// Fills the table for the chosen runs, and the note below it.
function drawComparison(table, note, facts, chosen) {
  const found = facts.settings.filter((setting) => differs(setting, chosen));
  const lines = (ones) =>
    ones.map(({ path, values, places }) =>
      lineOf(path, chosen.map((run) => values[places[run]] ?? UNKNOWN), "setting"),
    );
  const figures = facts.figures.map(({ label, texts }) =>
    lineOf(label, chosen.map((run) => texts[run]), "figure"),
  );
  const shown = found.slice(0, MOST_SETTINGS);
  const groups = [
    ["Figures", figures],
    ["Settings that differ", lines(shown.filter(({ made }) => !made))],
    ["Made from", lines(shown.filter(({ made }) => made))],
  ];
  const width = chosen.length + 1;
  table.replaceChildren(
    headOf(chosen, facts),
    ...groups.flatMap(([title, rows]) => (rows.length ? [groupOf(title, rows, width)] : [])),
  );
  const more = found.length - shown.length;
  const told = [];
  if (chosen.length < 2) told.push("Choose further runs to see what differs in their settings.");
  else if (found.length === 0) told.push("Their settings, code and bars are equal.");
  if (more > 0) {
    told.push(`${formatCount(more, "more setting")} differ; the table has the first ${MOST_SETTINGS}.`);
  }
  note.textContent = told.join(" ");
}
