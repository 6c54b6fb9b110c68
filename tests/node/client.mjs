// The official SDK in a process of its own. Each line it reads is an order, each line it writes is what came of it:
//
//   {"env": {"ANTHROPIC_BASE_URL": "…", "ANTHROPIC_API_KEY": "…"}, "action": "create", "options": {"maxRetries": 0}}
//   {"result": {…}, "error": null}
//
// Before the first order it writes "ready". Its argument is the generation of the SDK: "1" is the package anthropic-1 of package.json.

import { createInterface } from "node:readline";

const ASKED = {
  model: "claude-sonnet-4-6",
  max_tokens: 1000,
  messages: [{ role: "user", content: "Hello, tunnel." }],
};

const all = async (items) => {
  const collected = [];
  for await (const item of items) collected.push(item);
  return collected;
};

const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

const ACTIONS = {
  create: (client, request) => client.messages.create({ ...ASKED, ...request }),

  // The events of a raw stream as far as they came, and the error that ended it.
  async events(client, request) {
    const events = [];
    try {
      for await (const event of await client.messages.create({ ...ASKED, ...request, stream: true })) events.push(event);
    } catch (error) {
      return { events, error: described(error) };
    }
    return { events, error: null };
  },

  // What the stream helper tells its listeners, and the message it makes of it.
  async helped(client, request) {
    const text = [];
    const input = [];
    const stream = client.messages.stream({ ...ASKED, ...request });
    stream.on("text", (piece) => text.push(piece));
    stream.on("inputJson", (piece, snapshot) => input.push({ piece, snapshot: structuredClone(snapshot) }));
    return { message: await stream.finalMessage(), text, input };
  },

  countTokens: (client) => client.messages.countTokens({ model: ASKED.model, messages: ASKED.messages }),

  models: async (client) => ({
    listed: await all(client.models.list({ limit: 3 })),
    one: await client.models.retrieve(ASKED.model),
  }),

  async batch(client) {
    const requests = ["first", "second"].map((custom_id) => ({ custom_id, params: ASKED }));
    const made = await client.messages.batches.create({ requests });
    let seen = made;
    while (seen.processing_status !== "ended") {
      await pause(50);
      seen = await client.messages.batches.retrieve(made.id);
    }
    return { made, ended: seen, results: await all(await client.messages.batches.results(made.id)) };
  },
};

const described = (error) => ({
  name: error.constructor.name,
  status: error.status ?? null,
  type: error.type ?? null,
  message: error.message,
  cause: error.cause?.cause?.code ?? error.cause?.code ?? null,
});

const { default: Anthropic } = await import(`anthropic-${process.argv[2]}`);

const obeyed = async ({ env, action, options = {}, request = {} }) => {
  Object.assign(process.env, env);
  try {
    return { result: await ACTIONS[action](new Anthropic(options), request), error: null };
  } catch (error) {
    return { result: null, error: described(error) };
  }
};

console.log(JSON.stringify("ready"));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await obeyed(JSON.parse(line))));
}
