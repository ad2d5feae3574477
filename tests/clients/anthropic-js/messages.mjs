// What an application does with Anthropic's SDK on any hub: BASE_URL is Keypace itself, MODEL is HUB/MODEL. Prints what came of it as one line of JSON.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.env.BASE_URL, apiKey: process.env.TOKEN, maxRetries: 0 });
const ask = {
  model: process.env.MODEL, max_tokens: 64, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [{ role: 'user', content: 'Say hello.' }],
};
const tools = [{ name: 'weather', description: 'Tells it.', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];
const textOf = (message) => message.content.filter((block) => block.type === 'text').map((block) => block.text).join('');
const seen = {};

const message = await client.messages.create(ask);
seen.text = textOf(message);
seen.end = message.stop_reason;
seen.tokens = [message.usage.input_tokens, message.usage.output_tokens];

let streamed = '';
const whole = await client.messages.stream(ask).on('text', (text) => { streamed += text; }).finalMessage();
seen.streamed = streamed;
seen.streamedTokens = [whole.usage.input_tokens, whole.usage.output_tokens];

// The call's turn goes back as the SDK has it, with the tool's result behind it.
const call = await client.messages.stream({ ...ask, tools }).finalMessage();
const use = call.content.find((block) => block.type === 'tool_use');
seen.tool = `${call.stop_reason} ${use.name} ${use.input.city}`;
const messages = [...ask.messages, { role: 'assistant', content: call.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'Rain' }] }];
seen.afterTool = textOf(await client.messages.create({ ...ask, tools, messages }));

try {
  await client.messages.create({ ...ask, model: process.env.MISSING });
} catch (error) {
  seen.missing = `${error.constructor.name} ${error.status}`;
}

console.log(JSON.stringify(seen));
