"use strict";
(async () => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const darkScheme = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;
  const t = (text) => data.words[text] ?? text;
  const reason = (text) => text.replace(/^(.*?)( \d+)?$/, (_, word, number = "") => t(word) + number);

  // the page counts as loaded when its pictures are drawn (a printer, a camera waits for that): an open frame holds it up
  const hold = document.createElement("iframe");
  hold.hidden = true;
  document.body.append(hold);
  hold.contentDocument?.open();
  setTimeout(() => hold.remove(), 10000);

  // ---- what is packed in the page: the chart library at once, messages and candles when a call is opened
  const unpacked = async (name) => {
    const bytes = Uint8Array.from(atob(document.getElementById(name).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  };
  const text = async (name) => new TextDecoder().decode(await unpacked(name));
  const library = text("library").then((source) => {
    const script = document.createElement("script"); // the policy of this file knows its hash
    script.textContent = source;
    document.head.append(script);
  });
  let stories;
  const story = async (row) => {
    stories ??= Promise.all([text("stories"), unpacked("candles"), library]).then(([json, buffer]) => {
      const all = JSON.parse(json);
      let from = 0;
      return all.map((one) => {
        if (!one?.[2]) return one && { versions: one[0], moves: one[1] };
        const [start, step, count, low, high] = one[2];
        const numbers = new Uint16Array(buffer, 2 * from, 5 * count);
        from += 5 * count;
        return { versions: one[0], moves: one[1], start, step, count, low, high, numbers };
      });
    });
    return (await stories)[row];
  };

  // ---- pictures: a colour of a figure is the name of a CSS variable
  const coloured = (value, styles) => {
    if (Array.isArray(value)) return value.map((item) => coloured(item, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, coloured(item, styles)]));
    }
    return typeof value === "string" && /^--[a-z-]+$/.test(value) ? styles.getPropertyValue(value).trim() : value;
  };
  // the names of a picture's lines above it, where they wrap and are never cut; a click hides a line
  const legend = (place, traces, layout) => {
    const known = place.previousElementSibling;
    const list = known?.className === "legend" ? known : document.createElement("ul");
    list.className = "legend";
    if (list !== known) place.before(list);
    const shown = layout.showlegend ? traces.map((trace, i) => [trace, i]).filter(([trace]) => trace.showlegend !== false) : [];
    layout.showlegend = false;
    list.replaceChildren(...shown.map(([trace, i]) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const mark = document.createElement("i");
      mark.style.borderTopColor = trace.line?.color ?? trace.marker.color;
      mark.style.borderTopStyle = { dash: "dashed", dot: "dotted" }[trace.line?.dash] ?? "solid";
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.append(mark, trace.name.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        Plotly.restyle(place, { visible: on ? true : "legendonly" }, [i]);
      });
      item.append(button);
      return item;
    }));
    list.hidden = !shown.length;
  };
  const draw = async (paper) => {
    if (!window.Plotly) await library;
    const styles = getComputedStyle(root);
    for (const [name, figure] of Object.entries(data.figures)) {
      const place = document.getElementById(name);
      const { data: traces, layout } = coloured(figure, styles);
      if (!place) continue;
      if (touch) layout.dragmode = false;
      if (data.locale === "tr-TR") layout.separators = ",.";
      for (const axis of ["xaxis", "xaxis2"]) if (layout[axis]?.type === "date" && data.locale !== "en-US") layout[axis].tickformat = "%d.%m.%Y";
      if (paper) layout.width = place.closest(".spreads") ? 320 : 680; // A4 inside its margins
      legend(place, traces, layout);
      Plotly.react(place, traces, layout, { displayModeBar: false, responsive: true, locale: "en" });
    }
    for (const place of document.querySelectorAll(".chart")) place.draw?.();
    root.dataset.ready = "yes";
    hold.remove();
  };

  // ---- light and dark
  const button = document.getElementById("theme");
  let chosen;
  let opened = [];
  const isDark = () => (root.dataset.theme || (darkScheme.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = t(isDark() ? "Light" : "Dark");
    draw();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  darkScheme.addEventListener("change", show);
  addEventListener("beforeprint", () => { // paper is light
    chosen = root.dataset.theme;
    root.dataset.theme = "light";
    opened = [...document.querySelectorAll("details.origin:not([open])")];
    for (const part of opened) part.open = true;
    draw(true);
  });
  addEventListener("afterprint", () => {
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    for (const part of opened) part.open = false;
    show();
  });

  // ---- the table of calls
  const { columns, shown } = data.calls;
  const rows = JSON.parse(await text("rows"));
  columns.forEach(({ values }, i) => {
    if (values) for (const row of rows) row[i] = values[row[i]];
  });
  const PAGE = 50;
  const number = (options) => new Intl.NumberFormat(data.locale, options);
  const plain = number({ maximumSignificantDigits: 8, useGrouping: false });
  const money = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const ticks = {};
  const price = (value, symbol) => { // a symbol's prices as they are on the exchange: to the tick
    const places = data.calls.decimals[symbol];
    if (places === undefined) return plain.format(value);
    ticks[places] ??= number({ minimumFractionDigits: places, maximumFractionDigits: Math.min(20, places + 4), useGrouping: false });
    return ticks[places].format(value);
  };
  const cents = (value) => Math.round(100 * value); // as it is shown: what reads zero has no sign and no colour
  const signed = (value, text) => (cents(value) > 0 ? "+" : "") + text.replace("-", "\u2212");
  const say = {
    text: (value) => value,
    delay: (value) => value,
    time: (value) => value.slice(0, 16),
    flag: (value) => t(value ? "yes" : "no"),
    r: (value) => signed(value, money.format(cents(value) ? value : 0)),
    money: (value) => signed(value, money.format(cents(value) ? value : 0)),
    amount: (value) => money.format(value).replace("-", "\u2212"),
    number: (value) => plain.format(value),
    price: (value, symbol) => price(value, symbol),
    prices: (value, symbol) => value.map((item) => price(item, symbol)).join(" \u00b7 "),
  };
  const words = (value, kind, symbol) => (value === null || value === "" ? "" : say[kind](value, symbol));
  const numeric = new Set(["r", "money"]);
  const place = Object.fromEntries(columns.map((column, i) => [column.field, i]));
  const searched = columns.map(({ kind }, i) => i).filter((i) => ["text", "time", "flag"].includes(columns[i].kind));
  // as people type: without case, accents and the dots of i
  const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replaceAll("\u0131", "i");
  const found = rows.map((row) => folded(searched.map((i) => words(row[i], columns[i].kind)).join("\n")));
  let read; // the words of the messages, unpacked when somebody searches
  const withMessages = () => (read ??= text("stories").then((json) => {
    JSON.parse(json).forEach((one, i) => { if (one) found[i] += "\n" + folded(one[0].map((version) => version[2]).join("\n")); });
  }));

  const table = document.getElementById("calls");
  const search = document.getElementById("search");
  const selects = { channel: document.getElementById("by-channel"), status: document.getElementById("by-status") };
  const taken = document.getElementById("only-taken");
  const counted = document.getElementById("counted");
  const [back, on] = document.querySelectorAll(".pages button");
  const state = { order: place.posted, down: true, page: 0, rows: [] };

  const make = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const compare = (a, b) => {
    const [x, y] = [rows[a][state.order], rows[b][state.order]];
    const [noX, noY] = [x === null || x === "", y === null || y === ""];
    if (noX || noY) return noX - noY; // what has no value stands last, either way
    const order = x < y ? -1 : x > y ? 1 : 0;
    return state.down ? -order : order;
  };
  const select = () => {
    const wanted = folded(search.value).split(/\s+/).filter(Boolean);
    state.rows = rows.map((_, i) => i).filter((i) =>
      wanted.every((word) => found[i].includes(word)) &&
      Object.entries(selects).every(([field, node]) => !node.value || rows[i][place[field]] === node.value) &&
      (!taken.checked || rows[i][place.taken]));
    state.rows.sort(compare);
    state.page = 0;
    fill();
  };
  // the candles of a call with its levels, fills and exits
  const chart = (place, one, row) => {
    place.draw = () => {
      const styles = getComputedStyle(root);
      const colour = (name) => styles.getPropertyValue(name).trim();
      const at = (ms) => new Date(ms).toISOString().slice(0, 19);
      const prices = (k) => Array.from({ length: one.count }, (_, i) => one.low + (one.numbers[5 * i + k] / 1023) * (one.high - one.low));
      const x = Array.from({ length: one.count }, (_, i) => at(one.start + one.numbers[5 * i] * one.step));
      const line = (name) => ({ line: { color: colour(name), width: 1 }, fillcolor: colour(name) });
      const candles = { type: "candlestick", x, open: prices(1), high: prices(2), low: prices(3), close: prices(4), increasing: line("--muted"), decreasing: line("--faint"), hoverinfo: "none", showlegend: false };
      const symbol = row[rowOf.symbol];
      const moves = ["entry", "exit"].map((kind) => {
        const mine = one.moves.filter((move) => (move[3] === "entry") === (kind === "entry"));
        return { type: "scatter", mode: "markers", x: mine.map((move) => at(move[0])), y: mine.map((move) => move[1]), hoverinfo: "text",
          text: mine.map((move) => `${reason(move[3])} ${price(move[1], symbol)} \u00d7 ${plain.format(move[2])}`),
          marker: { size: 10, symbol: kind === "entry" ? "circle" : "diamond", color: colour(kind === "entry" ? "--blue" : "--orange"), line: { color: colour("--card"), width: 1 } } };
      });
      const levels = [
        ...row[rowOf.entry].map((value) => [value, "--blue", t("entry")]),
        ...(row[rowOf.stop] === null ? [] : [[row[rowOf.stop], "--red", t("stop")]]),
        ...row[rowOf.targets].map((value, i) => [value, "--green", `${t("target")} ${i + 1}`]),
      ];
      const room = (Math.max(one.high, one.low) - one.low) * 3;
      const near = levels.filter(([value]) => value > one.low - room && value < one.high + room);
      const shown = near.map(([value]) => value).concat(one.low, one.high);
      const [bottom, top] = [Math.min(...shown), Math.max(...shown)];
      const layout = {
        height: 260, margin: { l: 8, r: 8, t: 8, b: 38 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false, hovermode: "closest",
        font: { family: "system-ui, sans-serif", size: 11, color: colour("--ink") }, separators: data.locale === "tr-TR" ? ",." : ".,",
        xaxis: { type: "date", tickformat: data.locale === "en-US" ? "" : "%d.%m %H:%M", rangeslider: { visible: false }, gridcolor: colour("--line"), linecolor: colour("--line"), fixedrange: true, tickfont: { color: colour("--muted") } },
        yaxis: { gridcolor: colour("--line"), fixedrange: true, automargin: true, tickfont: { color: colour("--muted") }, range: [bottom - 0.06 * (top - bottom), top + 0.06 * (top - bottom)] },
        shapes: near.map(([value, name]) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, line: { color: colour(name), width: 1, dash: "dot" } })),
        annotations: near.map(([value, name, label]) => ({ xref: "paper", x: 1, xanchor: "right", y: value, yanchor: "bottom", showarrow: false, text: label, font: { size: 10, color: colour(name) } })),
      };
      Plotly.react(place, [candles, ...moves], layout, { displayModeBar: false, responsive: true });
    };
    place.draw();
  };
  const rowOf = Object.fromEntries(columns.map((column, i) => [column.field, i]));
  // a message and its later versions, the values that were read underlined
  const message = (versions) => {
    const box = make("div", undefined, { class: "versions" });
    for (const [when, kind, text, marks] of versions) {
      const word = { post: "posted", edit: "edited", deletion: "deleted" }[kind] ?? kind;
      box.append(make("p", `${t(word)} ${when}`, { class: "when" }));
      if (kind === "deletion") continue;
      const characters = Array.from(text);
      const body = make("pre");
      let at = 0;
      for (const [field, from, to] of [...marks].sort((a, b) => a[1] - b[1])) {
        if (from < at) continue;
        body.append(characters.slice(at, from).join(""), make("u", characters.slice(from, to).join(""), { title: t(field) }));
        at = to;
      }
      body.append(characters.slice(at).join(""));
      box.append(body);
    }
    if (!versions.length) box.append(make("p", t("The message is not known."), { class: "when" }));
    return box;
  };
  const detail = (row, number) => {
    const list = make("dl");
    columns.slice(shown).forEach((column, i) => {
      const text = words(row[shown + i], column.kind, row[rowOf.symbol]);
      if (!text) return;
      const group = make("div", undefined, text.length > 40 ? { class: "long" } : {});
      group.append(make("dt", column.label), make("dd", text));
      list.append(group);
    });
    const both = make("div", undefined, { class: "story" });
    const place = make("div", undefined, { class: "chart" });
    const said = make("div");
    both.append(place, said);
    const cell = make("td", undefined, { colspan: shown });
    cell.append(both, list);
    const line = make("tr", undefined, { class: "detail" });
    line.append(cell);
    story(number).then((one) => {
      said.append(message(one?.versions ?? []));
      if (one?.numbers) chart(place, one, row);
      else place.append(make("p", t("No candles for this call."), { class: "when" }));
      line.dataset.ready = "yes";
    }, () => said.append(make("p", t("This browser is too old to unpack the pictures."), { class: "when" })));
    return line;
  };
  const line = (row, number) => {
    const node = make("tr");
    columns.slice(0, shown).forEach((column, i) => {
      const text = words(row[i], column.kind, row[rowOf.symbol]);
      const cell = make("td", undefined, { class: column.field });
      if (column.field === "taken") cell.dataset.label = t("taken");
      if (numeric.has(column.kind)) cell.className += [" n less", " n", " n plus"][Math.sign(cents(row[i])) + 1];
      if (i) cell.textContent = text;
      else {
        const more = make("button", text, { type: "button", "aria-expanded": "false", title: t("Everything about this call") });
        more.addEventListener("click", () => {
          const open = more.getAttribute("aria-expanded") === "true";
          more.setAttribute("aria-expanded", String(!open));
          if (open) node.nextSibling.remove();
          else node.after(detail(row, number));
        });
        cell.append(more);
      }
      node.append(cell);
    });
    return node;
  };
  const fill = () => {
    const from = state.page * PAGE;
    const to = Math.min(from + PAGE, state.rows.length);
    table.tBodies[0].replaceChildren(...state.rows.slice(from, to).map((i) => line(rows[i], i)));
    counted.textContent = state.rows.length
      ? `${from + 1}\u2013${to} ${t("of")} ${state.rows.length.toLocaleString(data.locale)}` : t("No call fits");
    back.disabled = !from;
    on.disabled = to === state.rows.length;
    [...table.tHead.rows[0].cells].forEach((cell, i) =>
      cell.setAttribute("aria-sort", i !== state.order ? "none" : state.down ? "descending" : "ascending"));
  };
  const turn = (step) => {
    state.page += step;
    fill();
    table.scrollIntoView({ block: "nearest" });
  };

  const heads = make("tr");
  columns.slice(0, shown).forEach((column, i) => {
    const cell = make("th", undefined, { scope: "col", class: numeric.has(column.kind) ? "n" : "" });
    const sort = make("button", column.label, { type: "button" });
    sort.addEventListener("click", () => {
      state.down = state.order === i ? !state.down : numeric.has(column.kind);
      state.order = i;
      select();
    });
    cell.append(sort);
    heads.append(cell);
  });
  table.tHead.replaceChildren(heads);
  for (const [field, node] of Object.entries(selects)) {
    for (const value of [...new Set(rows.map((row) => row[place[field]]))].sort()) node.append(make("option", value, { value }));
    node.addEventListener("change", select);
  }
  search.addEventListener("input", () => {
    select();
    if (search.value.trim()) withMessages().then(select, () => {});
  });
  taken.addEventListener("change", select);
  back.addEventListener("click", () => turn(-1));
  on.addEventListener("click", () => turn(1));
  select();
  show();
})().catch(() => {
  document.querySelector("iframe")?.remove();
  const page = JSON.parse(document.getElementById("data").textContent);
  const old = "This browser is too old to unpack the pictures.";
  document.getElementById("counted").textContent = page.words[old] ?? old;
});
