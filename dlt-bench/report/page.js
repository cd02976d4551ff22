// Draws the charts of the report from the JSON in the page. Without it the page is complete as tables.
(() => {
  "use strict";
  const report = JSON.parse(document.getElementById("data").textContent);
  const place = document.getElementById("charts");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const of = (i) => colour("--c" + (i % 8));
  const rows = report.rows.map((row, i) => ({...row, number: i + 1, label: Object.values(row.config || {}).filter(Boolean).join(", ")}));
  const rowsOf = (name) => rows.filter((row) => row.case === name && row.repeats !== 0);

  const short = (value, unit = "") => {
    if (value == null) return "–";
    const size = Math.abs(value);
    const [factor, prefix] = size >= 1e9 ? [1e9, " G"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, " "];
    const text = value === 0 ? "0" : Number((value / factor).toPrecision(3)).toString();
    return (text + (prefix.trim() || unit ? prefix : "") + unit).trim();
  };

  // ── what is drawn: each maker returns {title, caption, xName, unit, data, series}, more for options() where it needs it, or nothing ──

  const line = (label, i, more = {}) => ({label, colour: i, ...more});

  const throughputByThreads = () => {
    const byCase = new Map();
    for (const row of rows) {
      const threads = parseInt((row.config || {}).threads, 10);
      if (!["concurrency-scale", "throughput"].includes(row.case) || !threads || !row.msgs_per_s_spread) continue;
      const key = row.case === "throughput" ? [row.config.text, row.config.transport, row.config.sink].filter(Boolean).join(", ") : row.case;
      if (!byCase.has(key)) byCase.set(key, new Map());
      byCase.get(key).set(threads, row.msgs_per_s_spread);
    }
    const scale = byCase.get("concurrency-scale");
    const names = [...byCase.keys()].filter((name) => byCase.get(name).size > 1);
    if (!names.length) return;
    const xs = [...new Set(names.flatMap((name) => [...byCase.get(name).keys()]))].sort((a, b) => a - b);
    const data = [xs.map((_, i) => i)], series = [];
    names.forEach((name, i) => {
      data.push(xs.map((x) => byCase.get(name).get(x)?.median ?? null));
      series.push(line(name, i));
    });
    if (scale && scale.has(1)) {
      const cpus = parseInt(report.machine.cpus, 10) || 1;
      data.push(xs.map((x) => scale.get(1).median * Math.min(x, cpus)));
      series.push(line("one thread × min(threads, CPUs)", 7, {dash: [5, 5]}));
    }
    return {title: "Throughput against threads", caption: "Delivered messages per second, median of the repeats. Lossless: callers wait for room.",
            categories: xs.map(String), xName: "threads", unit: "msg/s", data, series, zero: true};
  };

  const quantiles = ["p50", "p90", "p99", "p99.9", "max"];
  const percentileCurves = (field, title, caption, unit) => {
    let chosen = rowsOf("latency").filter((row) => row[field] && row[field].count > 0);
    if (!chosen.length) chosen = rows.filter((row) => row[field] && row[field].count > 0).slice(0, 8);
    if (!chosen.length) return;
    return {title, caption, categories: quantiles, xName: "share of the messages", unit, log: true,
            data: [quantiles.map((_, i) => i), ...chosen.map((row) => quantiles.map((q) => Math.max(row[field][q], 1)))],
            series: chosen.map((row, i) => line("#" + row.number + " " + row.label, i))};
  };

  // Runs of one case over time, on one axis.
  const overTime = (name, field, title, caption) => {
    const chosen = rowsOf(name).filter((row) => row.series && row.series.t_s.length);
    if (!chosen.length || !chosen.some((row) => row.series[field].some((v) => v > 0))) return;
    const tables = chosen.map((row) => [row.series.t_s, row.series[field]]);
    return {title, caption, xName: "seconds since the first call", unit: "messages", data: uPlot.join(tables),
            series: chosen.map((row, i) => line("#" + row.number + " " + row.config.load + ", " + row.config.rate, i)), zero: true};
  };
  const growth = (name, title, caption) => {
    const row = rowsOf(name).find((r) => r.series && r.series.t_s.length);
    if (!row) return;
    return {title, caption, xName: "seconds", unit: "messages", data: [row.series.t_s, row.series.backlog], zero: true,
            series: [line("on their way", 0)]};
  };

  const bars = (title, caption, unit, parts) => {
    const chosen = rows.filter((row) => !row.peer && parts.every(([, value]) => value(row) != null) && parts.some(([, value]) => value(row) > 0));
    if (!chosen.length) return;
    return {title, caption, xName: "row of the tables below", unit, bars: true, zero: true, log: false,
            categories: chosen.map((row) => "#" + row.number), names: chosen.map((row) => row.case + ": " + row.label),
            data: [chosen.map((_, i) => i), ...parts.map(([, value]) => chosen.map(value))],
            series: parts.map(([label], i) => line(label, i))};
  };

  // ── how ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  const axis = (more) => ({stroke: colour("--soft"), font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
    grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line"), width: 1}, ...more});

  const decades = (low, high) => {
    const all = [];
    for (let v = 10 ** Math.ceil(Math.log10(low) - 1e-9); v <= high * 1.0001; v *= 10) all.push(v);
    return all;
  };

  const options = (chart, width) => {
    const {categories} = chart;
    const n = categories ? categories.length : 0;
    // As many names of categories as there is room for.
    const every = categories ? Math.ceil(n * 48 / Math.max(width - 90, 100)) : 1;
    const barCount = chart.bars ? chart.series.length : 0;
    return {
      width, height: 260, padding: [8, 12, 0, 0],
      cursor: {drag: {x: !categories, y: false}, points: {size: 7}},
      scales: {x: {time: false, ...(categories ? {range: [-0.5, n - 0.5]} : {})},
               y: chart.log ? {distr: 3, range: (u, low, high) => [10 ** Math.floor(Math.log10(low || 1)), 10 ** Math.ceil(Math.log10(high || 10))]} : chart.zero ? {range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1]} : {}},
      axes: [axis({label: chart.xName, labelSize: 20, size: 30, grid: {show: !categories, stroke: colour("--line"), width: 1},
                   ...(categories ? {splits: () => categories.map((_, i) => i).filter((i) => i % every === 0),
                                     values: (u, splits) => splits.map((i) => categories[i])} : {})}),
             axis({size: 62, label: chart.unit, labelSize: 18,
                   ...(chart.log ? {splits: (u, i, low, high) => decades(low, high)} : {}),
                   values: (u, splits) => splits.map((v) => v == null ? "" : short(v))})],
      series: [{label: chart.xName, value: (u, v) => v == null ? "–" : categories ? (chart.names ? categories[v] + " " + chart.names[v] : categories[v]) : short(v)},
        ...chart.series.map((s, i) => ({
          label: s.label, stroke: of(s.colour), width: s.dash ? 1.5 : 2, dash: s.dash, spanGaps: !chart.bars,
          points: {show: !!categories && !chart.bars, size: 6, fill: colour("--panel")},
          value: (u, v) => v == null ? "–" : short(v, chart.unit),
          ...(chart.bars ? {fill: of(s.colour), width: 0, points: {show: false},
                            paths: uPlot.paths.bars({size: [0.8 / barCount, 28], align: barCount > 1 ? (i === 0 ? -1 : 1) : 0})} : {}),
        }))],
    };
  };

  let drawn = [];
  const draw = () => {
    drawn.forEach(({plot}) => plot.destroy());
    place.replaceChildren();
    drawn = [];
    const keepsBusy = (row) => (row.notes || []).some((note) => note.includes("stay busy between"));
    const perMillion = (who) => (row) =>
      row.cpu_s_per_million_of && row.cpu_s_per_million > 0 && row.cpu_s_per_million < 2 && !keepsBusy(row) ? row.cpu_s_per_million_of[who] : null;
    const resident = (who) => (row) => row.peak_rss_bytes && row.peak_rss_bytes.application > 0 ? row.peak_rss_bytes[who] / 1e6 : null;
    const charts = [
      throughputByThreads(),
      percentileCurves("call_ns", "What a call costs", "Nanoseconds of single calls by the share of calls that cost no more.", "ns"),
      percentileCurves("e2e_us", "From the call to the client", "Microseconds by the share of messages that took no longer.", "µs"),
      overTime("keep-up", "backlog", "keep-up: messages on their way", "Accepted, and not yet seen by the client nor dropped. Overload, then half of what is kept up with."),
      overTime("keep-up", "dropped", "keep-up: messages dropped", "Counted by the library, since the start of the run."),
      growth("soak", "soak: messages on their way", "At half of the rate that is kept up with."),
      bars("CPU", "Seconds per million delivered messages, by row. Rows above 2 s, in which little is logged, and those whose threads stay busy between their messages are left to the tables.", "s",
           [["application", perMillion("application")], ["daemon", perMillion("daemon")]]),
      bars("Memory", "Most that was resident, in MB, by row.", "MB", [["application", resident("application")], ["daemon", resident("daemon")]]),
    ].filter(Boolean);
    for (const chart of charts) {
      const figure = document.createElement("figure");
      const title = document.createElement("h3"), caption = document.createElement("figcaption");
      title.textContent = chart.title;
      caption.textContent = chart.caption;
      figure.append(title, caption);
      place.append(figure);
      drawn.push({figure, chart});
    }
    // Only now that all of them stand is it known how wide each is.
    for (const d of drawn) d.plot = new uPlot(options(d.chart, d.figure.clientWidth - 28), d.chart.data, d.figure);
  };

  const fit = () => drawn.forEach(({figure, plot}) => plot.setSize({width: figure.clientWidth - 28, height: 260}));
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(fit, 100); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  const isDark = () => document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "light / dark";
  button.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; draw(); });
  document.querySelector("header").append(button);
  draw();
})();
