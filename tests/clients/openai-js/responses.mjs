// What an application does with OpenAI's SDK and its responses, on hubs that have none: MODEL is HUB/MODEL. Prints what came of it as one line of JSON.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.TOKEN, maxRetries: 0 });
const ask = { model: process.env.MODEL, instructions: 'Be brief.', input: [{ role: 'user', content: [{ type: 'input_text', text: 'Say hello.' }] }] };
const tools = [{ type: 'function', name: 'weather', description: 'Tells it.', strict: false, parameters: { type: 'object', properties: { city: { type: 'string' } } } }];
const seen = {};

const response = await client.responses.create(ask);
seen.text = response.output_text;
seen.end = response.status;
seen.tokens = [response.usage.input_tokens, response.usage.output_tokens];

seen.streamed = '';
const stream = client.responses.stream(ask);
for await (const event of stream) {
  if (event.type === 'response.output_text.delta') seen.streamed += event.delta;
}
const whole = await stream.finalResponse();
seen.streamedTokens = [whole.usage.input_tokens, whole.usage.output_tokens];

// All that came goes back, with the tool's output behind it, as the SDK's users do who store nothing.
const call = await client.responses.create({ ...ask, tools });
const use = call.output.find((item) => item.type === 'function_call');
seen.tool = `${use.name} ${JSON.parse(use.arguments).city}`;
seen.afterTool = (await client.responses.create({ ...ask, tools, input: [...ask.input, ...call.output, { type: 'function_call_output', call_id: use.call_id, output: 'Rain' }] })).output_text;

for (const [name, more] of [['missing', { model: process.env.MISSING }], ['stored', { previous_response_id: 'resp_1' }]]) {
  try {
    await client.responses.create({ ...ask, ...more });
  } catch (error) {
    seen[name] = `${error.constructor.name} ${error.status}`;
  }
}

console.log(JSON.stringify(seen));
