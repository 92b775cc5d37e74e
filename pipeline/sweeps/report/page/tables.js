// Draws tables.

const ROWS_SHOWN = 100;

function figureColumn(figure) {
  return {
    label: figure.label,
    kind: "number",
    figure,
    value: (lane) => figure.values[lane],
    text: (lane) => formatNumber(figure.values[lane], figure.kind),
    descends: !figure.minimise,
  };
}

function dimensionColumn(dimension) {
  return {
    label: dimension.name,
    kind: dimension.kind,
    value: (lane) => dimension.values[lane],
    text: (lane) => dimensionText(dimension, lane),
    descends: false,
  };
}

// Returns the columns of the table of sets: rank and scores, parameters, other figures. A column is
// sorted by `value`, with null always last; `descends` is the direction after a first click.
function setColumns(data) {
  const rank = {
    label: "#",
    kind: "number",
    value: (lane) => data.rank[lane],
    text: data.rankText,
    descends: false,
  };
  const key = {
    label: "Key",
    kind: "key",
    value: (lane) => data.keys[lane],
    text: (lane) => data.keys[lane],
    descends: false,
  };
  const page = {
    label: "Page",
    kind: "page",
    value: (lane) => (data.pages[lane] ? data.rank[lane] : null),
    link: (lane) => (data.pages[lane] ? pageLink(data, lane, "open") : ""),
    descends: false,
  };
  const groups = [
    [rank, ...(data.pages.some(Boolean) ? [page] : []), ...data.scores.map(figureColumn)],
    data.dimensions.map(dimensionColumn),
    [...data.figures.filter((one) => !data.scores.includes(one)).map(figureColumn), key],
  ];
  for (const [first] of groups.slice(1)) if (first) first.begins = true;
  return groups.flat();
}

// Returns a link to the page of the run that a set was run again in.
function pageLink(data, lane, text) {
  const label = `Page of the run of rank ${data.rankText(lane)}`;
  return element("a", { href: data.pages[lane], text, "aria-label": label });
}

function sortedLanes(all, column, descends) {
  const sign = descends ? -1 : 1;
  // Lanes come by rank, and sorting is stable, so equal values stay in the order of rank.
  return [...all].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === right) return 0;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -sign : sign;
  });
}

function isCut(box) {
  return box.scrollWidth > box.clientWidth;
}

function drawSets(table, note, data, all) {
  const columns = setColumns(data);
  let sorted = columns.find((column) => column.figure === data.scores[0]);
  let descends = sorted.descends;
  const classes = (column) => `${column.kind}${column.begins ? " begins" : ""}`;
  const fill = () => {
    const lanes = sortedLanes(all, sorted, descends).slice(0, ROWS_SHOWN);
    const head = element("tr");
    for (const column of columns) {
      const button = element("button", { type: "button", text: column.label });
      button.addEventListener("click", () => {
        descends = column === sorted ? !descends : column.descends;
        sorted = column;
        fill();
        table.querySelectorAll("th button")[columns.indexOf(column)].focus();
      });
      const cell = element("th", { class: classes(column), scope: "col" }, button);
      if (column === sorted) cell.setAttribute("aria-sort", descends ? "descending" : "ascending");
      head.append(cell);
    }
    const rows = lanes.map((lane) => {
      const cells = columns.map((column) =>
        column.link
          ? element("td", { class: classes(column) }, column.link(lane))
          : element("td", { class: classes(column), text: column.text(lane) }),
      );
      return element("tr", {}, ...cells);
    });
    table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
    note.textContent =
      `${WHOLE.format(lanes.length)} of ${formatCount(all.length, "set")}, sorted by ` +
      `${sorted.label}. Click on a heading to sort all of them by it; # is the rank by ` +
      `${data.scores[0].label}.` +
      (isCut(table.parentElement) ? " Scroll sideways for more columns." : "");
  };
  fill();
}

function drawFailed(table, note, failed) {
  const head = element("tr", {}, ...["Set", "Error", "Key"].map((text) => element("th", { text })));
  const rows = failed.rows.map(([set, error, key]) =>
    element(
      "tr",
      {},
      element("td", { class: "long", text: set }),
      element("td", { class: "long", text: error }),
      element("td", { class: "key", text: key }),
    ),
  );
  table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
  if (failed.rows.length < failed.lanes) {
    note.textContent =
      `${WHOLE.format(failed.rows.length)} of ${formatCount(failed.lanes, "failed set")}; ` +
      "the ledger has all of them.";
  }
}
