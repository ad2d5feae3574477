using System.Text;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Requests;
using Keypace.Tests.Server.Pacing;

namespace Keypace.Tests.Server.Gateway;

public sealed class TokenNeedTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-00000000000a");

    [Theory]
    [InlineData("""{"model":"m","max_tokens":50}""", 50)]
    [InlineData("""{"max_completion_tokens":70,"model":"m"}""", 70)]
    [InlineData("""{"model":"m","max_output_tokens":9,"n":3}""", 27)]
    [InlineData("""{"model":"m"}""", 4_096)]
    [InlineData("""{"model":"m","max_tokens":-5}""", 4_096)]
    [InlineData("""{"model":"m","max_tokens":1e99}""", 4_096)]
    [InlineData("""{"model":"m","max_tokens":9223372036854775807,"n":128}""", 1_000_000_000_000)]
    [InlineData("not json", 4_096)]
    [InlineData("""{"model":"m","n":"three","max_tokens":"all"}""", 4_096)]
    public void What_an_answer_needs_is_what_it_may_have(string body, long output)
    {
        var world = new PacingWorld();

        var need = TokenNeed.Of(Encoding.UTF8.GetBytes(body), null, true, world.Groups.Get(Key, new RateLimit(5, 10)));

        Assert.Equal(output, need.OutputTokens);
        Assert.Equal((body.Length + 3) / 4, need.InputTokens);
        Assert.Equal(body.Contains("\"m\"", StringComparison.Ordinal) ? "m" : null, need.Model);
    }

    [Theory]
    [InlineData(true, 200, 7, 30, 37)]      // the hub's own count
    [InlineData(false, 200, 7, 30, 1_010)]  // cut behind a first count: what was reserved
    [InlineData(false, 200, 7, 3_000, 3_010)]
    [InlineData(false, 429, 7, 30, 0)]
    public void A_cut_answer_counts_as_it_was_reserved_or_as_more(bool isWhole, int status, int input, int output, int used)
    {
        var world = new PacingWorld();
        var group = world.Groups.Get(Key, new Keypace.Server.Pacing.GroupRules(new RateLimit(5, 10)) { Quotas = [new Keypace.Domain.Pacing.Quota(Keypace.Domain.Pacing.QuotaDimension.Tokens, 100_000, 60)] });
        var entry = new Keypace.Server.Pacing.Entry("t", "", 1, Keypace.Domain.Pacing.QueryClass.Interactive, TimeSpan.FromHours(1), Need: new Keypace.Domain.Pacing.QueryNeed("m", 10, 1_000));
        Assert.True(group.Enter(entry).TryGet(out var turn, out _));
        world.Background();
        world.Send(turn, new RateLimit(5, 10), ends: false);
        var usage = new Keypace.Domain.Hubs.UsageScanner();
        usage.Feed(Encoding.UTF8.GetBytes($$$"""data: {"choices":[],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":{{{input + output}}}}}""" + "\n\n"));

        TokenNeed.Settle(turn, status, isWhole, usage);
        turn.Ended();

        Assert.Equal(used, group.Status().Quotas[0].Used);
    }

    [Fact]
    public void A_picture_counts_as_one_whatever_its_bytes_and_embeddings_have_no_answer()
    {
        var picture = new string('A', 1_000_000);
        var body = $$$"""{"model":"m","messages":[{"image_url":{"url":"data:image/png;base64,{{{picture}}}"}},{"text":"{{{new string((char)120, 400)}}}"}]}""";
        var world = new PacingWorld();

        var need = TokenNeed.Of(Encoding.UTF8.GetBytes(body), "m", false, world.Groups.Get(Key, new RateLimit(5, 10)));

        Assert.InRange(need.InputTokens, 1_600, 1_700);
        Assert.Equal(0, need.OutputTokens);
    }
}
