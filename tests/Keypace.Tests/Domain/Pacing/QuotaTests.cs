using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Which limits may be set at all.</summary>
public sealed class QuotaTests : QuotaPacing
{
    [Theory]
    [InlineData(QuotaDimension.Tokens, 0, 60, null, "A limit is")]
    [InlineData(QuotaDimension.Tokens, Quota.MostLimit + 1, 60, null, "A limit is")]
    [InlineData(QuotaDimension.Tokens, 1, 0, null, "An interval is")]
    [InlineData(QuotaDimension.Tokens, 1, 86_401, null, "An interval is")]
    [InlineData(QuotaDimension.Tokens, 1, 60, "", "A model's name")]
    [InlineData(QuotaDimension.Concurrent, 1, 60, null, "A limit of concurrent")]
    [InlineData((QuotaDimension)9, 1, 60, null, "There is no such")]
    public void Faulty_quotas_are_told_and_a_bug_to_set(QuotaDimension dimension, long limit, int seconds, string? model, string fault)
    {
        var quota = new Quota(dimension, limit, seconds, Model: model);
        Assert.StartsWith(fault, quota.Fault(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Of(quota));
    }

    [Fact]
    public void Quotas_within_bounds_have_no_fault()
    {
        Assert.Null(new Quota(QuotaDimension.Requests, 1, Zone: TimeZoneInfo.Utc).Fault());
        Assert.Null(new Quota(QuotaDimension.Tokens, Quota.MostLimit, 86_400, Model: "m").Fault());
        Assert.Null(new Quota(QuotaDimension.Concurrent, 1).Fault());
        Assert.NotNull(new Quota(QuotaDimension.Requests, 1, 60, TimeZoneInfo.Utc).Fault());
        Assert.NotNull(new Quota(QuotaDimension.Concurrent, 1, 0, TimeZoneInfo.Utc).Fault());
    }
}
