using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

public sealed class PinnedKeyTests
{
    [Fact]
    public void A_key_is_overwritten_when_its_last_user_lets_go()
    {
        var key = new PinnedKey(new byte[] { 1, 2, 3 });
        Assert.True(key.TryLease(out var first));
        Assert.True(key.TryLease(out var second));
        key.Dispose();
        key.Dispose();
        Assert.False(key.TryLease(out _));
        first.Dispose();
        Assert.Equal([1, 2, 3], second.Bytes.ToArray());
        second.Dispose();
        Assert.Equal([0, 0, 0], key.Writable.ToArray());
        Assert.Throws<ObjectDisposedException>(() => key.Use());
    }

    [Fact]
    public void No_user_ever_sees_a_half_overwritten_key()
    {
        for (var round = 0; round < 200; round++)
        {
            var key = new PinnedKey(Enumerable.Repeat((byte)7, 64).ToArray());
            Parallel.For(0, 8, user =>
            {
                if (user == 3)
                    key.Dispose();
                for (var count = 0; count < 50 && key.TryLease(out var lease); count++)
                {
                    using (lease)
                        Assert.False(lease.Bytes.ContainsAnyExcept((byte)7));
                }
            });
            Assert.False(key.Writable.ContainsAnyExcept((byte)0));
        }
    }
}
