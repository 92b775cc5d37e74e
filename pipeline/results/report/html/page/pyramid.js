// Bars of a symbol in ever longer intervals, each made when it is first needed.
//
// A level has arrays of one length: `begin` and `end` (seconds UTC) of its bars, `session`, `time`
// (what the chart's axis shows: seconds of the exchange's clock), the prices, and `lines`.

const DAY = 86400;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const INTERVALS = [
  ...[1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14400].map((seconds) => [seconds, spelled(seconds)]),
  [DAY, "1d"],
  [WEEK, "1w"],
  [MONTH, "1 month"],
];

function spelled(seconds) {
  if (seconds < 60) return `${seconds}s`;
  return seconds < 3600 ? `${seconds / 60}m` : `${seconds / 3600}h`;
}

// Returns the place of the last value that is not above `wanted`, -1 if there is none.
function placeBefore(values, wanted) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

class Pyramid {
  // `columns`: those of a symbol; `sessions`: those of the run; `ahead`: gives the seconds that the
  // exchange's clock is ahead at a time.
  constructor(columns, sessions, ahead, seconds, name) {
    this.sessions = sessions;
    this.ahead = ahead;
    const longer = INTERVALS.filter(
      ([one]) => one > seconds && (one % seconds === 0 || one >= DAY),
    );
    this.intervals = [[seconds, name], ...longer];
    this.made = [this.#finest(columns, seconds, name)];
  }

  get count() {
    return this.intervals.length;
  }

  level(at) {
    for (let next = this.made.length; next <= at; next++) {
      const [seconds, name] = this.intervals[next];
      const fits = (one) => one.seconds < DAY && seconds % one.seconds === 0;
      const below = seconds >= DAY || fits(this.made[next - 1]) ? next - 1 : 0;
      this.made.push(this.#coarser(this.made[below], seconds, name));
    }
    return this.made[at];
  }

  #finest({ begin, open, high, low, close, volume, ...others }, seconds, name) {
    const rows = begin.length;
    const { open: opens, close: closes, date } = this.sessions;
    const end = new Float64Array(rows);
    const session = new Int32Array(rows);
    const time = new Float64Array(rows);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      while (at < closes.length - 1 && closes[at] <= begin[i]) at++;
      session[i] = at;
      end[i] = seconds >= DAY ? closes[at] : Math.min(begin[i] + seconds, closes[at]);
      time[i] = seconds >= DAY ? date[at] : begin[i] + this.ahead(begin[i]);
    }
    const lines = Object.keys(others)
      .filter((one) => one.startsWith("line"))
      .map((_, index) => others[`line${index}`]);
    return {
      ...{ seconds, name, begin, end, session, time },
      ...{ open, high, low, close, volume, lines },
    };
  }

  // Returns a function that gives the bucket of a bar: a number that ascends.
  #buckets(finer, seconds) {
    const { open, date } = this.sessions;
    const { session, end } = finer;
    if (seconds < DAY) {
      return (i) => {
        const first = open[session[i]];
        return first + Math.floor((end[i] - 1 - first) / seconds) * seconds;
      };
    }
    if (seconds === DAY) return (i) => session[i];
    if (seconds === WEEK) return (i) => Math.floor((date[session[i]] / DAY + 3) / 7);
    const months = Array.from(date, (one) => {
      const day = new Date(one * 1000);
      return 12 * day.getUTCFullYear() + day.getUTCMonth();
    });
    return (i) => months[session[i]];
  }

  #coarser(finer, seconds, name) {
    const bucket = this.#buckets(finer, seconds);
    const rows = finer.begin.length;
    const first = new Int32Array(rows + 1);
    let count = 0;
    let last = NaN;
    for (let i = 0; i < rows; i++) {
      const own = bucket(i);
      if (own !== last) first[count++] = i;
      last = own;
    }
    first[count] = rows;
    const array = () => new Float64Array(count);
    const made = { seconds, name, session: new Int32Array(count), lines: [] };
    for (const one of ["begin", "end", "time", "open", "high", "low", "close", "volume"]) {
      made[one] = array();
    }
    made.lines = finer.lines.map(() => new Float32Array(count));
    const { open, date } = this.sessions;
    for (let k = 0; k < count; k++) {
      const [from, to] = [first[k], first[k + 1]];
      let [high, low, volume] = [-Infinity, Infinity, 0];
      for (let i = from; i < to; i++) {
        if (finer.high[i] > high) high = finer.high[i];
        if (finer.low[i] < low) low = finer.low[i];
        volume += finer.volume[i];
      }
      const session = finer.session[from];
      made.session[k] = session;
      made.begin[k] = seconds < DAY ? bucket(from) : open[session];
      made.time[k] = seconds < DAY ? made.begin[k] + this.ahead(made.begin[k]) : date[session];
      made.end[k] = finer.end[to - 1];
      made.open[k] = finer.open[from];
      made.high[k] = high;
      made.low[k] = low;
      made.close[k] = finer.close[to - 1];
      made.volume[k] = volume;
      // What was known at the bar's close.
      for (let line = 0; line < made.lines.length; line++) {
        made.lines[line][k] = finer.lines[line][to - 1];
      }
    }
    return made;
  }
}

// Returns the time (seconds UTC) at a place among the bars of a level, also between and beyond them.
function timeAt(level, place) {
  const last = level.begin.length - 1;
  if (place <= 0) return level.begin[0] + place * level.seconds;
  if (place >= last) return level.begin[last] + (place - last) * level.seconds;
  const below = Math.floor(place);
  return level.begin[below] + (place - below) * (level.begin[below + 1] - level.begin[below]);
}

// Returns the place of a time among the bars of a level; the inverse of `timeAt`.
function placeAt(level, time) {
  const last = level.begin.length - 1;
  if (time <= level.begin[0]) return (time - level.begin[0]) / level.seconds;
  if (time >= level.begin[last]) return last + (time - level.begin[last]) / level.seconds;
  const below = placeBefore(level.begin, time);
  return below + (time - level.begin[below]) / (level.begin[below + 1] - level.begin[below]);
}
