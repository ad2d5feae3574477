// Tools and structured output with the OpenAI SDK for Node; prints what came of it as one line of JSON.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.TOKEN });
const messages = [{ role: "user", content: "What is the weather in Bern?" }];
const parameters = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
const seen = {};

const whole = await client.chat.completions.create({ model: "custom/m", messages, tools });
const call = whole.choices[0].message.tool_calls[0].function;
seen.tool = `${call.name} ${call.arguments}`;

const final = await client.chat.completions.stream({ model: "custom/m", messages, tools }).finalChatCompletion();
const streamed = final.choices[0].message.tool_calls[0].function;
seen.toolStreamed = `${streamed.name} ${streamed.arguments}`;

const schema = { type: "object", properties: { name: { type: "string" } }, required: ["name"], additionalProperties: false };
const structured = await client.chat.completions.create({
  model: "custom/m", messages, response_format: { type: "json_schema", json_schema: { name: "person", strict: true, schema } },
});
seen.structured = JSON.parse(structured.choices[0].message.content).name;

console.log(JSON.stringify(seen));
