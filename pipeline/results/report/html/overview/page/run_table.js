// The table of all runs: sorted by a click on a heading, searched, and walked through by arrow keys.

class RunTable {
  constructor(table, figures) {
    this.body = table.tBodies[0];
    this.rows = [...this.body.rows];
    this.figures = figures;
    this.changed = () => {};
    this.heads = [...table.tHead.rows[0].cells];
    this.heads.forEach((head, column) => {
      if ("sorts" in head.dataset) this.letSort(head, column);
    });
    this.texts = this.rows.map((row) => row.textContent.toLowerCase());
    this.body.addEventListener("change", () => this.changed(this.chosen()));
    this.body.addEventListener("keydown", (event) => this.pressed(event));
  }

  boxOf(row) {
    return row.querySelector("input");
  }

  // Returns the numbers of the chosen runs, in the order of the page's beginning.
  chosen() {
    return this.rows.flatMap((row, run) => {
      const { checked } = this.boxOf(row);
      row.classList.toggle("chosen", checked);
      return checked ? [run] : [];
    });
  }

  choose(runs) {
    this.rows.forEach((row, run) => (this.boxOf(row).checked = runs.includes(run)));
    this.changed(this.chosen());
  }

  letSort(head, column) {
    const button = element("button", { type: "button", text: head.textContent });
    head.replaceChildren(button);
    const number = head.dataset.number;
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const descends = now === null ? number !== undefined : now === "ascending";
      for (const other of this.heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descends ? "descending" : "ascending");
      this.sort(this.valuesOf(column, number), descends);
    });
  }

  valuesOf(column, number) {
    if (number !== undefined) return this.figures[number].values;
    return this.rows.map((row) => row.cells[column].textContent.trim() || null);
  }

  // Sorts by values of the runs; those without one come last, equal ones stay as they were at first.
  sort(values, descends) {
    const sign = descends ? -1 : 1;
    const order = values.map((_, run) => run).sort((a, b) => {
      const [left, right] = [values[a], values[b]];
      if (left === right) return a - b;
      if (left === null) return 1;
      if (right === null) return -1;
      return left < right ? -sign : sign;
    });
    this.body.append(...order.map((run) => this.rows[run]));
  }

  // Shows the runs that have all words of a text, and returns how many these are.
  search(text) {
    const words = text.toLowerCase().split(/\s+/);
    let found = 0;
    this.rows.forEach((row, run) => {
      row.hidden = !words.every((word) => this.texts[run].includes(word));
      if (!row.hidden) found += 1;
    });
    return found;
  }

  pressed(event) {
    const side = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (side === undefined || event.target.type !== "checkbox") return;
    event.preventDefault();
    let row = event.target.closest("tr")[side];
    while (row?.hidden) row = row[side];
    if (row) this.boxOf(row).focus();
  }
}
