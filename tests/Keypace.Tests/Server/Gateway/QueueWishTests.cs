using Keypace.Domain.Access;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Tests.Server.Gateway;

public sealed class QueueWishTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(240);

    [Theory]
    [InlineData("", "", 240)]
    [InlineData("30", "", 30)]
    [InlineData("2.5", "", 2.5)]
    [InlineData("0", "", 0)]
    [InlineData("100000000000000000000", "", 240)]
    [InlineData("", "2026-11-25T12:00:10Z", 10)]
    [InlineData("", "2026-11-25T13:00:10+01:00", 10)]
    [InlineData("", "1795608007.5", 7.5)]
    [InlineData("5", "2026-11-25T12:00:10Z", 5)]
    [InlineData("50", "2026-11-25T12:00:10Z", 10)]
    [InlineData("", "2036-11-25T12:00:10Z", 240)]
    public void The_earlier_of_wait_and_deadline_rules(string wait, string deadline, double seconds) =>
        Assert.Equal(seconds, Wish(wait, deadline, "").Patience.TotalSeconds);

    [Theory]
    [InlineData("-1", "", "")]
    [InlineData("NaN", "", "")]
    [InlineData("Infinity", "", "")]
    [InlineData("1e3", "", "")]
    [InlineData("soon", "", "")]
    [InlineData("5,6", "", "")]
    [InlineData(" ", "", "")]
    [InlineData("", "-5", "")]
    [InlineData("", "NaN", "")]
    [InlineData("", "1795608000000", "")]                  // milliseconds
    [InlineData("", "99999999999999999999999999999", "")]
    [InlineData("", "tomorrow", "")]
    [InlineData("", "2026-13-45T99:00:00Z", "")]
    [InlineData("", "", "urgent")]
    [InlineData("", "", "INTERACTIVE")]
    [InlineData("", "", "0")]
    [InlineData("", "", "batch, background")]
    public void Nonsense_is_malformed(string wait, string deadline, string priority) =>
        Assert.Equal("bad_header", Refused(wait, deadline, priority));

    [Fact]
    public void A_deadline_that_has_passed_is_refused_as_too_late() => Assert.Equal("no_turn_in_time", Refused("", "2026-11-25T11:59:59Z", ""));

    [Theory]
    [InlineData(QueryClass.Interactive, "", QueryClass.Interactive)]
    [InlineData(QueryClass.Interactive, "background", QueryClass.Background)]
    [InlineData(QueryClass.Batch, "", QueryClass.Batch)]
    [InlineData(QueryClass.Batch, "batch", QueryClass.Batch)]
    public void A_query_has_the_class_it_asks_for_or_the_best_of_its_token(QueryClass best, string asked, QueryClass got) =>
        Assert.Equal(got, Wish("", "", asked, best).Class);

    [Theory]
    [InlineData(QueryClass.Batch, "interactive")]
    [InlineData(QueryClass.Background, "batch")]
    public void A_better_class_than_the_token_has_is_forbidden(QueryClass best, string asked) =>
        Assert.Equal("priority_not_allowed", Refused("", "", asked, best));

    private static QueueWish Wish(string wait, string deadline, string priority, QueryClass best = QueryClass.Interactive)
    {
        Assert.True(QueueWish.Of(Headers(wait, deadline, priority), Token(best), Longest, Now).TryGet(out var wish, out var refusal), refusal?.Detail);
        return wish;
    }

    private static string Refused(string wait, string deadline, string priority, QueryClass best = QueryClass.Interactive)
    {
        Assert.False(QueueWish.Of(Headers(wait, deadline, priority), Token(best), Longest, Now).TryGet(out _, out var refusal));
        return refusal!.Code;
    }

    private static HeaderDictionary Headers(string wait, string deadline, string priority)
    {
        var headers = new HeaderDictionary();
        if (wait.Length > 0)
            headers[QueueWish.MaxWaitHeader] = wait;
        if (deadline.Length > 0)
            headers[QueueWish.DeadlineHeader] = deadline;
        if (priority.Length > 0)
            headers[QueueWish.PriorityHeader] = priority;
        return headers;
    }

    private static ServedToken Token(QueryClass best)
    {
        Assert.True(TokenId.TryParse("abcdefghijkl", out var id));
        return new ServedToken(new TokenGrant(id, Guid.Empty, Guid.Empty, Role.Member, Scopes.All, null, null, 1, Now.AddDays(1)), [], "t", best);
    }
}
