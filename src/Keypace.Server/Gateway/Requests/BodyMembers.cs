using System.Text;
using System.Text.Json;
using Keypace.Domain;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// The members of a query's body that are looked at here. Each may stand there once, in whatever case and however its name is escaped: some hubs read
/// <c>"Model"</c> as <c>"model"</c>, and then they would read another body than we.
/// </summary>
internal static class BodyMembers
{
    public const string IncludeUsage = "include_usage";

    private static readonly string[] Names =
    [
        "model", "stream", "stream_options", "messages", "instructions", "system", "prompt", "input", "n", "max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens",
    ];

    public readonly record struct Member(string Name, int Number);

    /// <summary>Which of them the name that the reader stands at is; null for all others.</summary>
    public static Member? Of(in Utf8JsonReader reader)
    {
        for (var number = 0; number < Names.Length; number++)
        {
            if (Is(reader, Names[number]))
                return new Member(Names[number], number);
        }

        return null;
    }

    public static bool Is(in Utf8JsonReader reader, string name)
    {
        if (!reader.ValueIsEscaped && Ascii.IsValid(reader.ValueSpan))
            return reader.ValueSpan.Length == name.Length && Ascii.EqualsIgnoreCase(reader.ValueSpan, name);
        // The two letters outside ASCII that some readers take for s and k.
        return string.Equals(reader.GetString()!.Replace('\u017F', 's').Replace('\u212A', 'k'), name, StringComparison.OrdinalIgnoreCase);
    }

    public static Refusal Twice(string name) => Refusal.Field(
        name, $"The body has \"{name}\" twice (capitals do not count); which one the hub reads is anybody's guess. Send it once.", code: "duplicate_member") with { Reason = RefusalReason.Malformed };
}
