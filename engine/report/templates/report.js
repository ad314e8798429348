"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const darkScheme = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;

  // ---- pictures: a colour of a figure is the name of a CSS variable
  const coloured = (value, styles) => {
    if (Array.isArray(value)) return value.map((item) => coloured(item, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, coloured(item, styles)]));
    }
    return typeof value === "string" && /^--[a-z-]+$/.test(value) ? styles.getPropertyValue(value).trim() : value;
  };
  const draw = (paper) => {
    const styles = getComputedStyle(root);
    for (const [name, figure] of Object.entries(data.figures)) {
      const place = document.getElementById(name);
      const { data: traces, layout } = coloured(figure, styles);
      if (touch) layout.dragmode = false;
      if (paper) layout.width = place.closest(".spreads") ? 320 : 680; // A4 inside its margins
      Plotly.react(place, traces, layout, { displayModeBar: false, responsive: true, locale: "en" });
    }
  };

  // ---- light and dark
  const button = document.getElementById("theme");
  let chosen;
  let opened = [];
  const isDark = () => (root.dataset.theme || (darkScheme.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
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
  const { columns, shown, rows } = data.calls;
  columns.forEach(({ values }, i) => {
    if (values) for (const row of rows) row[i] = values[row[i]];
  });
  const PAGE = 50;
  const price = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 8, useGrouping: false });
  const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const signed = (value, text) => (value > 0 ? "+" : "") + text.replace("-", "\u2212");
  const say = {
    text: (value) => value,
    delay: (value) => value,
    time: (value) => value.slice(0, 16),
    flag: (value) => (value ? "yes" : "no"),
    r: (value) => signed(value, value.toFixed(2)),
    money: (value) => signed(value, money.format(value)),
    amount: (value) => money.format(value).replace("-", "\u2212"),
    price: (value) => price.format(value),
    prices: (value) => value.map((item) => price.format(item)).join(" \u00b7 "),
  };
  const words = (value, kind) => (value === null || value === "" ? "" : say[kind](value));
  const numeric = new Set(["r", "money"]);
  const place = Object.fromEntries(columns.map((column, i) => [column.field, i]));
  const found = rows.map((row) => row.map((value, i) => words(value, columns[i].kind)).join("\n").toLowerCase());

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
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    state.rows = rows.map((_, i) => i).filter((i) =>
      wanted.every((word) => found[i].includes(word)) &&
      Object.entries(selects).every(([field, node]) => !node.value || rows[i][place[field]] === node.value) &&
      (!taken.checked || rows[i][place.taken]));
    state.rows.sort(compare);
    state.page = 0;
    fill();
  };
  const detail = (row) => {
    const list = make("dl");
    columns.slice(shown).forEach((column, i) => {
      const text = words(row[shown + i], column.kind);
      if (!text) return;
      const group = make("div", undefined, text.length > 40 ? { class: "long" } : {});
      group.append(make("dt", column.label), make("dd", text));
      list.append(group);
    });
    const cell = make("td", undefined, { colspan: shown });
    cell.append(list);
    const line = make("tr", undefined, { class: "detail" });
    line.append(cell);
    return line;
  };
  const line = (row) => {
    const node = make("tr");
    columns.slice(0, shown).forEach((column, i) => {
      const text = words(row[i], column.kind);
      const cell = make("td", undefined, { class: column.field });
      if (numeric.has(column.kind)) cell.className += row[i] > 0 ? " n plus" : row[i] < 0 ? " n less" : " n";
      if (i) cell.textContent = text;
      else {
        const more = make("button", text, { type: "button", "aria-expanded": "false", title: "Everything about this call" });
        more.addEventListener("click", () => {
          const open = more.getAttribute("aria-expanded") === "true";
          more.setAttribute("aria-expanded", String(!open));
          if (open) node.nextSibling.remove();
          else node.after(detail(row));
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
    table.tBodies[0].replaceChildren(...state.rows.slice(from, to).map((i) => line(rows[i])));
    counted.textContent = state.rows.length
      ? `${from + 1}\u2013${to} of ${state.rows.length.toLocaleString("en-US")}` : "No call fits";
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
  search.addEventListener("input", select);
  taken.addEventListener("change", select);
  back.addEventListener("click", () => turn(-1));
  on.addEventListener("click", () => turn(1));
  select();
  show();
})();
