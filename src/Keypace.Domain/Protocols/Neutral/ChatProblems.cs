namespace Keypace.Domain.Protocols.Neutral;

/// <summary>Notes the first thing about a query that cannot be taken. Whoever reads on after that reads for nothing, but harmlessly.</summary>
/// <param name="hub">The hub's name for people.</param>
/// <param name="language">The caller's, whose names members have in refusals.</param>
/// <param name="drops">What may be left out.</param>
internal sealed class ChatProblems(string hub, CallerLanguage language, DropList drops)
{
    public Refusal? First { get; private set; }

    /// <summary>
    /// The hub's language has no place for this. Either way it is not to be written: it is refused, or it is among what may be left out.
    /// </summary>
    /// <param name="at">The member: <c>logit_bias</c>, <c>messages[2].name</c>; settings as OpenAI's chat names them.</param>
    /// <param name="instead">What to do, as sentences; null for "leave it out".</param>
    public void NoPlace(string at, string? instead = null)
    {
        at = language.NameOf(at);
        if (!drops.Has(at))
        {
            Note("not_translatable", at,
                $"{hub} has no place for \"{at}\" of {language.Noun}. {instead ?? "Leave it out"}, or use the hub's own API at /keys/NAME/….");
        }
    }

    /// <summary>No hub could make sense of this.</summary>
    /// <param name="shouldBe">The rest of "must be …".</param>
    public void Wrong(string at, string shouldBe)
    {
        at = language.NameOf(at);
        Note("invalid", at, $"\"{at}\" must be {shouldBe}.");
    }

    public void Refuse(Refusal refusal) => First ??= refusal;

    private void Note(string code, string at, string message) =>
        First ??= new Refusal(RefusalReason.Malformed, code, message, Fields: [new FieldRefusal(["body", at], message, "value_error")]);
}
