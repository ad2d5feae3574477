using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Client;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace query</c>: one question, its answer on standard output as the model writes it.</summary>
internal static class QueryCommand
{
    public static Command Build(Grammar grammar)
    {
        var prompt = new Argument<string?>("prompt") { Description = "What is asked; without it, or with -, standard input", HelpName = "PROMPT", Arity = ArgumentArity.ZeroOrOne };
        var target = new QuestionTarget();
        var system = Grammar.Text("--system", "A system prompt for this query", "TEXT");
        var tokens = Grammar.Number("--max-tokens", "The answer's length, at most", "N");
        var wait = new Option<double?>("--max-wait") { Description = "Seconds to wait for its turn, at most; 0 is now or not at all", HelpName = "SECONDS" };
        var verb = new Verb(
            "query",
            "Ask one question; it waits its turn at the key's limit. With --json the hub's whole answer is printed",
            "keypace query \"Say hello.\" --agent support-bot",
            "keypace query \"Say hello.\" --model openai/gpt-4.1-mini --max-wait 5",
            "keypace query --key openai-main --model gpt-4.1-mini < prompt.txt");
        grammar.Connected(verb);
        return grammar.Does(verb, [prompt, .. target.Options, system, tokens, wait], async (session, parsed, ct) =>
        {
            var asked = target.Read(parsed, isModelNeeded: true);
            if (parsed.GetValue(wait) is < 0)
                throw CommandFailure.Usage("--max-wait is a number of seconds from 0 on.");

            var text = parsed.GetValue(prompt);
            var query = new Query(text is null or SecretInput.StandardInput ? await ReadInAsync(session, ct) : text)
            {
                Agent = asked.Agent,
                Model = asked.Model,
                ApiKey = asked.Key,
                SystemPrompt = parsed.GetValue(system),
                MaxTokens = parsed.GetValue(tokens),
                MaxWait = parsed.GetValue(wait) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            };
            try
            {
                await AnswerAsync(session, query, ct);
            }
            catch (KeypaceException refusal)
            {
                throw await asked.WithHintAsync(refusal, session.Keypace, ct);
            }

            return Exit.Done;
        });
    }

    private static async Task AnswerAsync(Session session, Query query, CancellationToken ct)
    {
        if (session.Screen.Json)
        {
            var answer = await session.Keypace.Queries.AskAsync(query, ct);
            session.Screen.Show(answer.Body, Screen.Printed.JsonElement, _ => { });
            return;
        }

        var isBegun = false;
        try
        {
            await foreach (var piece in session.Keypace.Queries.StreamAsync(query, ct))
            {
                isBegun = true;
                session.Screen.Piece(piece);
            }
        }
        finally
        {
            if (isBegun)
                session.Screen.Line("");
        }
    }

    private static async Task<string> ReadInAsync(Session session, CancellationToken ct)
    {
        if (session.Terminal.InIsTerminal)
            throw CommandFailure.Usage("Say what is asked, or pipe it in: keypace query \"…\" --agent NAME");

        using var reader = new StreamReader(session.Terminal.OpenIn());
        var text = SecretInput.WithoutLastLineBreak(await reader.ReadToEndAsync(ct));
        return text.Length > 0 ? text : throw CommandFailure.Usage("Standard input is empty; there is nothing to ask.");
    }
}
