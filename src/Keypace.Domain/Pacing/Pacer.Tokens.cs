namespace Keypace.Domain.Pacing;

/// <summary>
/// The credit of tokens: what is noted on the disk bounds the tokens that may be reserved, as <see cref="Allowance"/> bounds the sends. Costs a
/// comparison where no quota counts tokens.
/// </summary>
public sealed partial class Pacer
{
    /// <summary>Tokens, in and out together, that may be reserved until the host raises this again.</summary>
    public long TokenAllowance { get; set; } = long.MaxValue;

    /// <summary>Tokens of permits that are out.</summary>
    public long TokensOut { get; private set; }

    /// <summary>What the next one needs that only <see cref="TokenAllowance"/> keeps back; 0 when it keeps nobody back.</summary>
    public long TokensWanted { get; private set; }

    /// <summary>Some quota counts tokens.</summary>
    public bool CountsTokens { get; private set; }

    /// <summary>
    /// Output tokens to reserve at most for an answer of which nothing is known: a quarter of each quota that counts them, so that a guess does not have to wait for
    /// an empty interval; <see cref="Quota.MostLimit"/> where none does.
    /// </summary>
    public long MostGuess(string? model, long input)
    {
        var most = Quota.MostLimit;
        foreach (var meter in _meters ?? [])
        {
            if (meter.Counts(new QueryNeed(model, 0, 0)))
            {
                most = meter.Quota.Dimension switch
                {
                    QuotaDimension.Tokens => Math.Min(most, Math.Min(meter.Quota.Limit / 4, meter.Quota.Limit - input)),
                    QuotaDimension.OutputTokens => Math.Min(most, meter.Quota.Limit / 4),
                    _ => most,
                };
            }
        }

        return most;
    }

    private bool IsShortOfTokens => TokensWanted > TokenAllowance;

    /// <summary>Whether the allowance covers it; if not, it is <see cref="TokensWanted"/>.</summary>
    private bool TokensAllow(Ticket ticket)
    {
        var tokens = TokensOf(ticket);
        TokensWanted = tokens <= TokenAllowance ? 0 : tokens;
        return TokensWanted == 0;
    }

    private void TakeTokens(Ticket ticket)
    {
        var tokens = TokensOf(ticket);
        TokensOut += tokens;
        TokenAllowance -= TokenAllowance < long.MaxValue ? tokens : 0;
        ticket.TokensOut = tokens;
    }

    /// <summary>They left, or came back and may be used by another.</summary>
    private void EndTokens(Ticket ticket, bool isReturned)
    {
        TokensOut -= ticket.TokensOut;
        TokenAllowance += isReturned && TokenAllowance < long.MaxValue ? ticket.TokensOut : 0;
        ticket.TokensOut = 0;
    }

    private long TokensOf(Ticket ticket) => CountsTokens ? ticket.Need.InputTokens + ticket.Need.OutputTokens : 0;
}
