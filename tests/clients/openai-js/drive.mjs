// Does what an application does with the OpenAI SDK and prints what came of it as one line of JSON.
import OpenAI from "openai";

const baseURL = process.env.BASE_URL;
const client = new OpenAI({ baseURL, apiKey: process.env.TOKEN });
const messages = [{ role: "user", content: "Say hello." }];
const seen = {};

seen.chat = (await client.chat.completions.create({ model: "custom/maker/pretend-1", messages })).choices[0].message.content;
seen.agent = (await client.chat.completions.create({ model: "agent/helper", messages })).choices[0].message.content;

seen.streamed = "";
const stream = await client.chat.completions.create({
  model: "custom/pretend-large", messages, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  seen.streamed += chunk.choices[0]?.delta?.content ?? "";
  if (chunk.usage) seen.streamedUsage = chunk.usage.completion_tokens;
}

seen.responses = (await client.responses.create({ model: "custom/pretend-large", input: "Say hello." })).output_text;
seen.responsesStreamed = "";
for await (const event of await client.responses.create({ model: "custom/pretend-large", input: "Say hello.", stream: true })) {
  if (event.type === "response.output_text.delta") seen.responsesStreamed += event.delta;
}

const embeddings = await client.embeddings.create({ model: "custom/pretend-small", input: "hello" });
seen.embedding = embeddings.data[0].embedding.length;

seen.models = [];
for await (const model of client.models.list()) seen.models.push(model.id);

const failure = async (action) => {
  try { await action(); return "no error"; } catch (error) { return `${error.constructor.name} ${error.status}`; }
};
seen.unknownAgent = await failure(() => client.chat.completions.create({ model: "agent/nobody", messages }));
const stranger = new OpenAI({ baseURL, apiKey: "not-a-token" });
seen.stranger = await failure(() => stranger.chat.completions.create({ model: "agent/helper", messages }));

// The hub's own API through one key: only the base URL changes.
const through = new OpenAI({ baseURL: baseURL.replace(/\/v1$/, "/keys/main/v1"), apiKey: process.env.TOKEN });
seen.passthrough = (await through.chat.completions.create({ model: "maker/pretend-1", messages })).choices[0].message.content;

console.log(JSON.stringify(seen));
