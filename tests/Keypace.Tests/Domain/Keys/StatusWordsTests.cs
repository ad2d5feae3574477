using Keypace.Contracts;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Keys;

public sealed class StatusWordsTests
{
    [Fact]
    public void The_wire_and_the_store_know_the_same_words()
    {
        Assert.Equal([KeyStatuses.Active, KeyStatuses.Disabled], new[] { KeyStatus.Active, KeyStatus.Disabled }.Select(status => status.Word()));
        Assert.Equal([AgentStatuses.Creating, AgentStatuses.Active, AgentStatuses.Archived], Enum.GetValues<AgentStatus>().Select(status => status.Word()));
    }

    [Fact]
    public void What_is_stored_is_read_back()
    {
        Assert.All(Enum.GetValues<KeyStatus>(), status => Assert.Equal(status, StatusWords.StoredKey(status.Word())));
        Assert.All(Enum.GetValues<AgentStatus>(), status => Assert.Equal(status, StatusWords.StoredAgent(status.Word())));
        Assert.Throws<FormatException>(() => StatusWords.StoredKey("Active"));
        Assert.Throws<FormatException>(() => StatusWords.StoredAgent("deleted"));
    }

    [Fact]
    public void Nobody_deletes_a_key_by_giving_it_a_status() => Assert.False(StatusWords.TryParse("deleted", out KeyStatus _));
}
