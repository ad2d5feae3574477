using Keypace.Domain.Access;

namespace Keypace.Tests.Domain.Access;

public sealed class TokenGrantTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly Guid _key = Guid.Parse("11111111-1111-7111-8111-111111111111");
    private static readonly Guid _otherKey = Guid.Parse("22222222-2222-7222-8222-222222222222");
    private static readonly Guid _agent = Guid.Parse("33333333-3333-7333-8333-333333333333");
    private static readonly Guid _otherAgent = Guid.Parse("44444444-4444-7444-8444-444444444444");

    [Theory]
    [InlineData(Role.Viewer, Scopes.All, true, false, false, false)]
    [InlineData(Role.Member, Scopes.All, true, true, false, true)]
    [InlineData(Role.Admin, Scopes.All, true, true, true, true)]
    [InlineData(Role.Owner, Scopes.Manage, true, true, true, false)]
    [InlineData(Role.Owner, Scopes.Query, false, false, false, true)]
    [InlineData(Role.Member, Scopes.None, false, false, false, false)]
    public void Role_and_scopes_together_decide(Role role, Scopes scopes, bool read, bool change, bool administer, bool query)
    {
        var grant = Grant(role, scopes);
        Assert.Equal((read, change, administer, query), (grant.MayRead(_now), grant.MayChange(_now), grant.MayAdminister(_now), grant.MayQuery(_now)));
    }

    [Fact]
    public void An_expired_or_revoked_token_may_do_nothing()
    {
        var grant = Grant(Role.Owner, Scopes.All);
        Assert.True(grant.MayQuery(grant.ExpiresAt.AddTicks(-1)));
        foreach (var dead in new[] { grant with { ExpiresAt = _now }, grant with { RevokedAt = _now.AddDays(-1) } })
            Assert.False(dead.IsLive(_now) || dead.MayRead(_now) || dead.MayChange(_now) || dead.MayCreate(_now) || dead.MayAdminister(_now) || dead.MayQuery(_now));
    }

    [Fact]
    public void An_unbound_token_sees_everything_and_may_make_more()
    {
        var grant = Grant(Role.Member, Scopes.All);
        Assert.True(grant.Sees(_key) && grant.SeesAgent(_agent, _key) && grant.MayCreate(_now));
    }

    [Fact]
    public void A_token_bound_to_keys_sees_these_and_the_agents_behind_which_they_stand()
    {
        var grant = Grant(Role.Admin, Scopes.All) with { ApiKeyIds = new HashSet<Guid> { _key } };
        Assert.True(grant.Sees(_key) && grant.SeesAgent(_agent, _key));
        Assert.False(grant.Sees(_otherKey) || grant.SeesAgent(_agent, _otherKey) || grant.MayCreate(_now) || grant.MayAdminister(_now));
    }

    [Fact]
    public void A_token_bound_to_agents_reaches_keys_only_through_them()
    {
        var grant = Grant(Role.Member, Scopes.All) with { AgentIds = new HashSet<Guid> { _agent } };
        Assert.True(grant.SeesAgent(_agent, _key) && grant.SeesAgent(_agent, _otherKey));
        Assert.False(grant.Sees(_key) || grant.SeesAgent(_otherAgent, _key));
    }

    [Fact]
    public void Nobody_hands_on_more_than_they_have()
    {
        var grant = Grant(Role.Member, Scopes.Manage);
        Assert.True(grant.Covers(Role.Viewer, Scopes.Manage) && grant.Covers(Role.Member, Scopes.Manage));
        Assert.False(grant.Covers(Role.Admin, Scopes.Manage) || grant.Covers(Role.Member, Scopes.All) || grant.Covers(Role.Viewer, Scopes.Query));
    }

    private static TokenGrant Grant(Role role, Scopes scopes)
    {
        Assert.True(TokenId.TryParse("AAAAAAAAAAAA", out var id));
        return new TokenGrant(id, Guid.Empty, Guid.Empty, role, scopes, null, null, 1, _now.AddDays(90));
    }
}
