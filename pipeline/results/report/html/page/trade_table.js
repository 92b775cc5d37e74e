// The table of trades. Only the rows in view are in the page, because there may be many thousands.

const ROW_PIXELS = 27;
const ROWS_PRINTED = 200;
const ROWS_AROUND = 12;

class TradeTable {
  // `columns`: each with label, kind, `value(row)` to sort by and `text(row)` to show.
  constructor(box, note, columns, rows) {
    this.box = box;
    this.note = note;
    this.columns = columns;
    this.all = rows;
    this.sorted = columns[0];
    this.descends = false;
    this.chosen = null;
    this.picked = () => {};
    this.body = element("tbody");
    this.table = element("table", { "aria-label": "Round trips" });
    this.head = element("thead");
    this.table.append(this.head, this.body);
    box.append(this.table);
    box.addEventListener("scroll", () => this.#draw());
    box.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("beforeprint", () => this.#print());
    window.addEventListener("afterprint", () => this.#draw(true));
    new ResizeObserver(() => this.#draw()).observe(box);
    this.filter(() => true);
  }

  filter(wanted) {
    this.wanted = wanted;
    this.#sort();
  }

  #sort() {
    const { value } = this.sorted;
    const sign = this.descends ? -1 : 1;
    this.rows = this.all.filter(this.wanted);
    this.rows.sort((a, b) => {
      const [left, right] = [value(a), value(b)];
      return left === right ? a - b : left < right ? -sign : sign;
    });
    this.place = new Map(this.rows.map((row, at) => [row, at]));
    this.table.setAttribute("aria-rowcount", this.rows.length + 1);
    this.#drawHead();
    this.box.scrollTop = 0;
    this.#draw(true);
    this.note.textContent =
      this.rows.length === 0
        ? "No round trip."
        : `${formatCount(this.rows.length, "round trip")}, by ${this.sorted.label.toLowerCase()}. A ` +
          "click, or the arrow keys, show one in the chart.";
  }

  #drawHead() {
    const cells = this.columns.map((column) => {
      const button = element("button", { type: "button", text: column.label });
      button.addEventListener("click", () => {
        this.descends = column === this.sorted ? !this.descends : column.descends;
        this.sorted = column;
        this.#sort();
        this.head.querySelectorAll("button")[this.columns.indexOf(column)].focus();
      });
      const cell = element("th", { class: column.kind, scope: "col" }, button);
      if (column === this.sorted) {
        cell.setAttribute("aria-sort", this.descends ? "descending" : "ascending");
      }
      return cell;
    });
    this.head.replaceChildren(element("tr", {}, ...cells));
  }

  #draw(always = false) {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_PIXELS) - ROWS_AROUND);
    const count = Math.ceil(this.box.clientHeight / ROW_PIXELS) + 2 * ROWS_AROUND;
    const last = Math.min(this.rows.length, first + count);
    if (!always && first === this.first && last === this.last) return;
    [this.first, this.last] = [first, last];
    const made = this.rows.slice(first, last).map((row, at) => this.#row(row, first + at));
    this.body.replaceChildren(this.#gap(first), ...made, this.#gap(this.rows.length - last));
  }

  #gap(rows) {
    const gap = element("tr", { "aria-hidden": "true", class: "gap" });
    gap.style.height = `${rows * ROW_PIXELS}px`;
    return gap;
  }

  #row(row, at) {
    const cells = this.columns.map(({ kind, text, tone }) => {
      const cell = element("td", { class: kind, text: text(row) });
      if (tone) cell.classList.add(tone(row));
      return cell;
    });
    const made = element("tr", { "aria-rowindex": at + 2 }, ...cells);
    if (row === this.chosen) made.setAttribute("aria-selected", "true");
    made.addEventListener("click", () => this.#pick(row));
    return made;
  }

  #pick(row) {
    this.choose(row);
    this.picked(row);
  }

  // Marks a row and scrolls to it, if the table has it.
  choose(row) {
    this.chosen = row;
    const at = this.place.get(row);
    if (at !== undefined) {
      const top = at * ROW_PIXELS;
      const { scrollTop, clientHeight } = this.box;
      if (top < scrollTop || top > scrollTop + clientHeight - 3 * ROW_PIXELS) {
        this.box.scrollTop = Math.max(0, top - clientHeight / 2);
      }
    }
    this.#draw(true);
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
    if (!(event.key in steps) || this.rows.length === 0) return;
    event.preventDefault();
    const now = this.place.get(this.chosen);
    const next = now === undefined ? 0 : now + steps[event.key];
    this.#pick(this.rows[Math.min(this.rows.length - 1, Math.max(0, next))]);
  }

  #print() {
    const rows = this.rows.slice(0, ROWS_PRINTED);
    this.body.replaceChildren(...rows.map((row, at) => this.#row(row, at)));
    if (rows.length < this.rows.length) {
      this.note.textContent += ` The first ${rows.length} are printed.`;
    }
  }
}
