// What an application does with the OpenAI SDK, on hubs with a language of their own: MODEL is HUB/MODEL. Prints what came of it as one line of JSON.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.TOKEN, maxRetries: 0 });
const model = process.env.MODEL;
const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: "Say hello." }];
const tools = [{ type: "function", function: { name: "weather", description: "Tells it.", parameters: { type: "object", properties: { city: { type: "string" } } } } }];
const seen = {};

const chat = await client.chat.completions.create({ model, messages });
seen.chat = chat.choices[0].message.content;
seen.usage = chat.usage;

seen.streamed = "";
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } })) {
  seen.streamed += chunk.choices[0]?.delta?.content ?? "";
  if (chunk.usage) seen.streamedUsage = chunk.usage;
}

// The SDK's own helper calls the tool, sends its result back and goes on until there is an answer.
const runner = client.chat.completions.runTools({
  model, messages, stream: true,
  tools: [{ type: "function", function: { ...tools[0].function, parse: JSON.parse, function: ({ city }) => { seen.city = city; return "Rain"; } } }],
});
seen.afterTool = await runner.finalContent();

const call = (await client.chat.completions.create({ model, messages, tools })).choices[0];
seen.tool = `${call.finish_reason} ${call.message.tool_calls[0].function.name} ${call.message.tool_calls[0].function.arguments}`;

if (process.env.FAILING) {
  try {
    for await (const chunk of await client.chat.completions.create({ model: process.env.FAILING, messages, stream: true })) seen.before = (seen.before ?? "") + (chunk.choices[0]?.delta?.content ?? "");
    seen.failing = "no error";
  } catch (error) { seen.failing = `${error.constructor.name} ${error.code}`; }
}

console.log(JSON.stringify(seen));
