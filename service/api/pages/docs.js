// Shows /openapi.json. What it holds is put in as text, never as markup.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 4;

function element(name, content = [], properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...[content].flat());
  return made;
}

function resolved(api, part) {
  if (!part?.$ref) return part;
  return part.$ref.slice(2).split("/").reduce((found, key) => found[key], api);
}

// The shape of a schema in a short notation: {name: text, page?: number}.
function shape(api, schema, depth = 0) {
  const name = schema.$ref?.split("/").pop();
  const part = resolved(api, schema);
  if (depth > DEEPEST && name) return name;
  if (part.enum) return part.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (part.anyOf) return part.anyOf.map((each) => shape(api, each, depth)).join(" | ");
  if (part.type === "array") return `[${shape(api, part.items ?? {}, depth)}]`;
  if (part.properties) {
    const indent = "  ".repeat(depth + 1);
    const members = Object.entries(part.properties).map(([key, value]) => {
      const mark = part.required?.includes(key) ? "" : "?";
      return `${indent}${key}${mark}: ${shape(api, value, depth + 1)}`;
    });
    return `{\n${members.join(",\n")}\n${"  ".repeat(depth)}}`;
  }
  return [part.format ?? part.type ?? "anything", bounds(part)].filter(Boolean).join(" ");
}

function bounds(schema) {
  const words = [];
  if (schema.minimum !== undefined) words.push(`≥ ${schema.minimum}`);
  if (schema.maximum !== undefined) words.push(`≤ ${schema.maximum}`);
  if (schema.maxLength !== undefined) words.push(`≤ ${schema.maxLength} characters`);
  if (schema.default !== undefined) words.push(`default ${JSON.stringify(schema.default)}`);
  return words.length ? `(${words.join(", ")})` : "";
}

function contents(api, content = {}) {
  return Object.entries(content).map(([type, { schema }]) =>
    element("pre", `${type}\n${shape(api, schema)}`),
  );
}

function parameters(api, operation) {
  if (!operation.parameters.length) return [];
  const rows = operation.parameters.map((parameter) =>
    element("tr", [
      element("td", element("code", parameter.name)),
      element("td", parameter.in + (parameter.required ? ", required" : "")),
      element("td", element("code", shape(api, parameter.schema))),
      element("td", parameter.description ?? ""),
    ]),
  );
  return [element("h4", "Parameters"), element("table", rows)];
}

function answers(api, operation) {
  return Object.entries(operation.responses).map(([status, found]) => {
    const response = resolved(api, found);
    const title = element("summary", `${status} ${response.description}`);
    return element("details", [title, ...contents(api, response.content)]);
  });
}

// GET changes nothing, so it can be tried here, with the session of this browser.
function trial(path, operation) {
  const places = operation.parameters.filter((parameter) => parameter.in !== "header");
  const inputs = places.map((parameter) =>
    element("input", [], { name: parameter.name, placeholder: parameter.name, required: parameter.required }),
  );
  const output = element("output");
  const form = element("form", [...inputs, element("button", "Try it"), output]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    let address = path;
    for (const [index, { name, in: place }] of places.entries()) {
      const { value } = inputs[index];
      if (place === "path") address = address.replace(`{${name}}`, encodeURIComponent(value));
      else if (value) query.set(name, value);
    }
    const response = await fetch(query.size ? `${address}?${query}` : address);
    output.textContent = `${response.status}\n${await response.text()}`;
  });
  return form;
}

function call(api, path, method, operation) {
  const title = element("summary", [
    element("span", method.toUpperCase(), { className: "method" }),
    element("code", path),
    element("span", operation.summary, { className: "words" }),
  ]);
  const body = operation.requestBody;
  const details = element("details", title, { id: operation.operationId });
  // Most are never opened.
  details.addEventListener(
    "toggle",
    () => {
      const isStream = Boolean(operation.responses["200"]?.content?.["text/event-stream"]);
      details.append(
        element("p", operation.description),
        ...parameters(api, operation),
        ...(body ? [element("h4", body.required ? "Body, required" : "Body"), ...contents(api, body.content)] : []),
        element("h4", "Answers"),
        ...answers(api, operation),
        ...(method === "get" && !isStream ? [trial(path, operation)] : []),
      );
    },
    { once: true },
  );
  return details;
}

function grouped(api) {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const [tag] = item[method].tags;
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(call(api, path, method, item[method]));
    }
  }
  return [...groups].map(([tag, calls]) => element("section", [element("h2", tag), ...calls]));
}

const calls = document.getElementById("calls");
try {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const api = await response.json();
  document.getElementById("title").textContent = `${api.info.title} API ${api.info.version}`;
  document.getElementById("about").textContent = api.info.description;
  calls.replaceChildren(...grouped(api));
  document.getElementById("find").addEventListener("input", ({ target }) => {
    const wanted = target.value.trim().toLowerCase();
    for (const each of calls.querySelectorAll("section > details")) {
      each.hidden = !each.querySelector("summary").textContent.toLowerCase().includes(wanted);
    }
  });
  document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
} catch (error) {
  calls.replaceChildren(element("p", `openapi.json cannot be shown: ${error.message}`, { role: "alert" }));
}
