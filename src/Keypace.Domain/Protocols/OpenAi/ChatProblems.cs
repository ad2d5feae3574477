namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Notes the first thing about a query that cannot be taken. Whoever reads on after that reads for nothing, but harmlessly.</summary>
internal sealed class ChatProblems(string hub)
{
    public Refusal? First { get; private set; }

    /// <summary>The hub's language has no place for this.</summary>
    /// <param name="at">The member: <c>logit_bias</c>, <c>messages[2].name</c>.</param>
    /// <param name="instead">What to do, as sentences; null for "leave it out".</param>
    public void NoPlace(string at, string? instead = null) => Note("not_translatable", at,
        $"{hub} has no place for \"{at}\" of a chat completion. {instead ?? "Leave it out"}, or use the hub's own API at /keys/NAME/….");

    /// <summary>No hub could make sense of this.</summary>
    /// <param name="shouldBe">The rest of "must be …".</param>
    public void Wrong(string at, string shouldBe) => Note("invalid", at, $"\"{at}\" must be {shouldBe}.");

    private void Note(string code, string at, string message) =>
        First ??= new Refusal(RefusalReason.Malformed, code, message, Fields: [new FieldRefusal(["body", at], message, "value_error")]);
}
