using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>
/// Looks at the beginning of an answer that a hub gives in OpenAI's own words: such answers pass untouched, except for those that are no
/// answers. What it is is read from values, not from words. Costs a few tokens of the first piece and no more while all is well.
/// </summary>
public static class OpenAiAnswers
{
    private const int MostBytes = 64 * 1024;
    private const int MostPageBytes = 4 * 1024;
    private const int MostPageCharacters = 120;

    /// <summary>True when what came is worth a closer look before any of it goes to the caller: a page, nothing, or what has not an answer's members.</summary>
    /// <param name="first">The first piece; empty when the answer has no body.</param>
    /// <param name="isWhole">Nothing comes behind it, as far as is known already: where its end is no end of an object it was cut off.</param>
    public static bool IsSuspicious(int status, ReadOnlySpan<byte> first, bool isWhole)
    {
        if (first.IsEmpty)
            return true;
        var start = Trimmed(first);
        if (start.IsEmpty)
            return isWhole;   // else a hub that keeps the connection busy until it answers
        if (start[0] == (byte)'<')
            return true;
        if (status >= 300)
            return false;
        if (!IsEvent(start))
            return AnswerMembers.In(start) is not AnswerFound.Yes || (isWhole && !start.TrimEnd(" \t\r\n"u8).EndsWith("}"u8));
        var data = FirstEvent.DataOf(start);
        return data.StartsWith("<"u8) || (AnswerMembers.In(data) is not AnswerFound.Yes && data.IndexOf("\"error\""u8) >= 0);
    }

    /// <summary>True when it begins a stream of events: its first event is all there is to look at, for the next ones may take their time.</summary>
    public static bool IsEvent(ReadOnlySpan<byte> first) => FirstEvent.Begins(Trimmed(first));

    /// <summary>What is wrong with a suspicious answer; null when it passes after all.</summary>
    /// <param name="body">All of it, or its first 64 KiB; of a stream of events what came first.</param>
    public static HubFault? Fault(int status, ReadOnlyMemory<byte> body)
    {
        var start = Trimmed(body.Span);
        if (start.IsEmpty || start[0] == (byte)'<')
        {
            var what = start.IsEmpty ? "an empty body" : $"a web page instead of JSON (\"{TextOf(start)}\")";
            return status < 400
                ? HubFault.Unreadable($"It sent {what} with the status {status}. Check the key's address.")
                : new HubFault(status is > 599 ? 502 : status, HubFault.TypeOf(status), "hub_error", $"It sent {what} with the status {status}.");
        }

        if (body.Length >= MostBytes || status >= 300)
            return null;
        var isEvent = IsEvent(start);
        ReadOnlyMemory<byte> json = isEvent ? FirstEvent.DataOf(start).ToArray() : body[(body.Length - start.Length)..];
        using var document = JsonMembers.TryParse(json);
        if (document is null)
            return isEvent ? null : None(status, start);
        var root = document.RootElement;
        if (AnswerMembers.In(json.Span) is AnswerFound.Yes)
            return null;
        if (root is { ValueKind: JsonValueKind.Array } && root.GetArrayLength() > 0)
            root = root[0];   // Google's own errors are lists of one
        var isEmpty = AnswerMembers.Lists.Any(list => root.Child(list) is { ValueKind: JsonValueKind.Array });
        if (root.Child("error") is { } error && !(isEmpty && SaysNothing(error)))
            return ErrorIn(root, error);
        if (isEvent || isEmpty)
            return null;   // an answer with nothing in it is the hub's to give
        if (root.Child("errors") is { ValueKind: JsonValueKind.Array } errors && errors.GetArrayLength() > 0)
            return ErrorIn(root, errors[0]);
        return root.Text("message") is not null || root.Text("detail") is not null ? ErrorIn(root, root) : None(status, start);
    }

    private static HubFault None(int status, ReadOnlySpan<byte> start) =>
        HubFault.Unreadable($"It sent {HubFault.Describe(start)} with the status {status}, which is no answer of this route. Check the key's address and the model.");

    private static bool SaysNothing(JsonElement error) => error.ValueKind switch
    {
        JsonValueKind.Object => !error.EnumerateObject().Any(),
        JsonValueKind.String => error.IsEmptyText(),
        _ => error.ValueKind is JsonValueKind.False,
    };

    private static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> first)
    {
        var start = first.TrimStart(" \t\r\n"u8);
        return start.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? start[3..].TrimStart(" \t\r\n"u8) : start;
    }

    /// <summary>What a page says to people: its beginning without tags.</summary>
    private static string TextOf(ReadOnlySpan<byte> html)
    {
        var text = new StringBuilder();
        var isTag = false;
        foreach (var character in Encoding.UTF8.GetString(html[..Math.Min(html.Length, MostPageBytes)]))
        {
            if (text.Length >= MostPageCharacters)
                break;
            if (character == '<')
                isTag = true;
            else if (character == '>')
                isTag = false;
            else if (!isTag)
                text.Append(character);
        }

        return HubFault.Cleaned(text.ToString());
    }

    /// <summary>An error in an answer whose status says that all is well.</summary>
    internal static HubFault ErrorIn(JsonElement root, JsonElement error)
    {
        var words = error.ValueKind is JsonValueKind.String ? root.Text("error") : error.Text("message") ?? error.Text("detail");
        var word = error.Text("type") ?? error.Text("code") ?? root.Text("code") ?? root.Text("type");
        var status = StatusOf(error) ?? StatusOf(root) ?? FromWord(word) ?? 502;
        return new HubFault(status, HubFault.TypeOf(status), word is { Length: > 0 and <= 64 } ? HubFault.Cleaned(word) : "hub_error", HubFault.Cleaned(words ?? "It gave no reason."));
    }

    private static int? StatusOf(JsonElement element)
    {
        foreach (var name in (ReadOnlySpan<string>)["code", "status", "status_code"])
        {
            var child = element.Child(name);
            if (child is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var status) && status is >= 400 and <= 599)
                return status;
            if (element.Text(name) is { Length: 3 } text && int.TryParse(text, out status) && status is >= 400 and <= 599)
                return status;
        }

        return null;
    }

    private static int? FromWord(string? word) => word switch
    {
        null => null,
        _ when word.Contains("rate_limit", StringComparison.OrdinalIgnoreCase) || word.Contains("quota", StringComparison.OrdinalIgnoreCase) => 429,
        _ when word.Contains("invalid_request", StringComparison.OrdinalIgnoreCase) => 400,
        _ when word.Contains("not_found", StringComparison.OrdinalIgnoreCase) => 404,
        _ when word.Contains("overloaded", StringComparison.OrdinalIgnoreCase) => 503,
        _ => null,
    };
}
