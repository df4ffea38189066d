// The page of /docs: what the OpenAPI document says, and a form that follows its schema.
const at = (id) => document.getElementById(id);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const specification = await (await fetch('/openapi.json')).json();
const schema = specification.components.schemas.SampleRequest;

/** Options that the form shows at once; the others are behind a click. */
const first = ['model', 'chains', 'steps', 'jumpEvery', 'seed'];
const start = { chains: 8, steps: 200, jumpEvery: 20 };

const headers = () => {
  const key = at('key').value;
  return key === '' ? {} : { authorization: `Bearer ${key}` };
};

function control(name, option) {
  const choices = option.enum;
  const input = choices
    ? element('select', { name }, element('option', { value: '' }), ...choices.map((value) => element('option', { value }, String(value))))
    : element('input', { name, value: start[name] ?? '', placeholder: String(option.default ?? '') });
  if (option.type === 'boolean') input.placeholder = 'true or false';
  input.addEventListener('input', showCommand);
  return element('label', {}, name, ' ', input, element('small', {}, option.description ?? ''));
}

function form() {
  const entries = Object.entries(schema.properties);
  const shown = entries.filter(([name]) => first.includes(name));
  const others = entries.filter(([name]) => !first.includes(name));
  const more = element('details', {}, element('summary', {}, 'more options'));
  more.append(...others.map(([name, option]) => control(name, option)));
  at('fields').append(...shown.map(([name, option]) => control(name, option)), more);
}

async function models() {
  const response = await fetch('/v1/models', { headers: headers() });
  if (!response.ok) return;
  const { models: all } = await response.json();
  const input = document.querySelector('[name=model]');
  const select = element('select', { name: 'model' });
  select.append(...all.map(({ name, description }) => element('option', { value: name }, `${name}: ${description}`)));
  select.addEventListener('input', showCommand);
  input.replaceWith(select);
  showCommand();
}

function body() {
  const values = {};
  for (const { name, value } of at('fields').querySelectorAll('input, select')) {
    if (value === '') continue;
    const { type } = schema.properties[name];
    if (type === 'number' || type === 'integer') values[name] = Number(value);
    else if (type === 'boolean') values[name] = value === 'true';
    else values[name] = value;
  }
  return values;
}

function showCommand() {
  const text = JSON.stringify(body()).replaceAll("'", "'\\''");
  const key = at('key').value === '' ? '' : " -H \"Authorization: Bearer $KEY\"";
  at('command').textContent = `curl ${location.origin}/v1/samples${key} -H 'Prefer: wait=60' -H 'Accept: image/png' \\\n  --json '${text}' -o samples.png`;
}

let job;
const say = (text) => {
  at('status').textContent = text;
};

/** Draws the images of one jump, each channel from 0 to 1. */
function draw(values, [chains, ...example]) {
  const size = example.reduce((product, side) => product * side, 1);
  if (example.length !== 3) return say(`jump of shape [${[chains, ...example].join(', ')}]`);
  const [channels, height, width] = example;
  const shown = Array.from({ length: Math.min(chains, 64) }, (_, chain) => {
    const canvas = element('canvas', { width, height });
    const context = canvas.getContext('2d');
    const image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) {
        const channel = Math.min(c, channels - 1);
        image.data[4 * i + c] = 255 * values[chain * size + channel * width * height + i];
      }
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return canvas;
  });
  at('pictures').replaceChildren(...shown);
}

function take(event, data) {
  if (event === 'progress') say(`${data.done} of ${data.of} ${data.unit}`);
  else if (event === 'jump') {
    const bytes = Uint8Array.from(atob(data.xhat), (letter) => letter.charCodeAt(0));
    draw(new Float32Array(bytes.buffer), data.shape);
  } else say(data.problem ? data.problem.detail : `${data.status}; seed ${data.seed}`);
}

async function follow(path) {
  const response = await fetch(path, { headers: headers() });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: ?(.*)/s)));
      if (fields.event) take(fields.event, JSON.parse(fields.data));
    }
  }
}

at('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  at('pictures').replaceChildren();
  const response = await fetch('/v1/samples', {
    method: 'POST',
    headers: { ...headers(), 'content-type': 'application/json' },
    body: JSON.stringify(body()),
  });
  const answer = await response.json();
  if (!response.ok) return say(answer.detail);
  job = answer;
  at('cancel').disabled = false;
  await follow(job.links.events);
  at('cancel').disabled = true;
});
at('cancel').addEventListener('click', () => fetch(job.links.self, { method: 'DELETE', headers: headers() }));
at('key').addEventListener('change', models);

function paths() {
  for (const [path, methods] of Object.entries(specification.paths)) {
    for (const [method, { summary, description = '', responses }] of Object.entries(methods)) {
      const rows = Object.entries(responses).map(([status, { description: what, content = {} }]) =>
        element('tr', {}, element('td', {}, status), element('td', {}, what), element('td', {}, Object.keys(content).join(', '))),
      );
      at('paths').append(
        element(
          'details',
          {},
          element('summary', {}, element('code', {}, `${method.toUpperCase()} ${path}`), ` ${summary ?? ''}`),
          element('p', {}, description),
          element('table', {}, ...rows),
        ),
      );
    }
  }
}

form();
paths();
showCommand();
await models();
