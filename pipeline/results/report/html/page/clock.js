// Times as the exchange's clock shows them, and how long something took.

const PRICE = numberFormat({ maximumSignificantDigits: 8 });
const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

// Returns a function that gives the seconds that the exchange's clock is ahead at a time.
function aheadOf(offsets) {
  const since = offsets.map(([at]) => at);
  return (time) => offsets[Math.max(0, placeBefore(since, time))][1];
}

// Returns seconds of the exchange's clock as text; of a day or a longer interval the date alone.
function clockText(seconds, interval) {
  const text = new Date(seconds * 1000).toISOString();
  if (interval >= 86400) return text.slice(0, 10);
  return `${text.slice(0, 10)} ${text.slice(11, interval < 60 ? 19 : 16)}`;
}

// Returns seconds in their two largest units.
function duration(seconds) {
  const at = UNITS.findIndex(([, length]) => seconds >= length);
  if (at < 0) return "0 s";
  const [unit, length] = UNITS[at];
  const whole = `${WHOLE.format(Math.floor(seconds / length))} ${unit}`;
  if (at === UNITS.length - 1) return whole;
  const [smaller, part] = UNITS[at + 1];
  const more = Math.floor((seconds % length) / part);
  return more ? `${whole} ${more} ${smaller}` : whole;
}
