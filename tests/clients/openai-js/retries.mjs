// What the OpenAI SDK for Node does with our refusals: how often it asks, and how long it waits. One line of JSON.
import OpenAI from "openai";

const baseURL = process.env.BASE_URL;
const messages = [{ role: "user", content: "Say hello." }];

async function watch(key, options = {}, headers = {}) {
  const asked = [];
  const client = new OpenAI({
    baseURL, apiKey: process.env.TOKEN, defaultHeaders: { "x-keypace-key": key, ...headers }, ...options,
    // A look at each exchange; it changes nothing.
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      asked.push({ at: performance.now(), status: answer.status, toldMs: Number(answer.headers.get("retry-after-ms")) });
      return answer;
    },
  });
  const started = performance.now();
  let end;
  try {
    end = (await client.chat.completions.create({ model: "pretend-large", messages })).choices[0].message.content;
  } catch (error) {
    end = `${error.constructor.name} ${error.status} ${error.code}`;
  }
  return { statuses: asked.map((one) => one.status), toldMs: asked[0]?.toldMs, tookMs: Math.round(performance.now() - started), end };
}

const now = { "x-keypace-max-wait": "0" };
const seen = {};
await watch("soon");
seen.soon = await watch("soon", {}, now);
seen.inLine = await watch("soon");
await watch("late");
seen.late = await watch("late", {}, now);
seen.refused = await watch("refused");
seen.spent = await watch("spent");
seen.unknown = await watch("nobody");
console.log(JSON.stringify(seen));
