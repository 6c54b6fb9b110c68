// The official SDK's client for a cloud, in a process of its own: what the environment says is all it knows.
//
//   node clouds.mjs bedrock < orders      each line an order, {"action": "create", "options": {…}, "request": {…}}
//
// For each order it writes a line, {"result": …, "error": null} or {"result": null, "error": {…}}.

import { createInterface } from "node:readline";

const [provider] = process.argv.slice(2);

const MAKERS = {
  anthropic: async (options) => new (await import("@anthropic-ai/sdk")).default(options),
  bedrock: async (options) => {
    const { AnthropicBedrock } = await import("@anthropic-ai/bedrock-sdk");
    return new AnthropicBedrock(options);
  },
  vertex: async (options) => {
    const { AnthropicVertex } = await import("@anthropic-ai/vertex-sdk");
    return new AnthropicVertex(options);
  },
  foundry: async (options) => {
    const { AnthropicFoundry } = await import("@anthropic-ai/foundry-sdk");
    return new AnthropicFoundry(options);
  },
};

const MODELS = { bedrock: "us.anthropic.claude-sonnet-4-5-20250929-v1:0" };
const ASKED = {
  model: MODELS[provider] ?? "claude-sonnet-4-6",
  max_tokens: 200,
  messages: [{ role: "user", content: "Hello, tunnel." }],
};

const ACTIONS = {
  create: (client, request) => client.messages.create(request),
  stream: async (client, request) => {
    const events = [];
    let error = null;
    try {
      for await (const event of await client.messages.create({ ...request, stream: true })) events.push(event);
    } catch (caught) {
      error = told(caught);
    }
    return { events, error };
  },
};

const told = (error) => ({
  name: error.constructor.name,
  status: error.status ?? null,
  type: error.type ?? null,
  message: String(error.message),
});

for await (const line of createInterface({ input: process.stdin })) {
  const { action, options, request } = JSON.parse(line);
  let outcome;
  try {
    const client = await MAKERS[provider]({ maxRetries: 2, ...options });
    outcome = { result: await ACTIONS[action](client, { ...ASKED, ...request }), error: null };
  } catch (error) {
    outcome = { result: null, error: told(error) };
  }
  process.stdout.write(JSON.stringify(outcome) + "\n");
}
