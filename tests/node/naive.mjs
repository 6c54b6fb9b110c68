// A client that does it wrong: asks again at once, however often, whatever the answer and its headers say.

const asked = {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "anthropic-version": "2023-06-01",
    "x-api-key": process.env.ANTHROPIC_API_KEY,
  },
  body: JSON.stringify({
    model: "claude-sonnet-4-6",
    max_tokens: 1000,
    messages: [{ role: "user", content: "Hello, tunnel." }],
  }),
};

const statuses = [];
do {
  const answer = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, asked);
  await answer.text();
  statuses.push(answer.status);
} while (statuses.at(-1) !== 200 && statuses.length < 6);
console.log(JSON.stringify(statuses));
