using System.Collections.Concurrent;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

public sealed class SparesTests
{
    [Fact]
    public void What_was_given_back_is_taken_again_and_by_one_only()
    {
        using var spares = new Spares<Context>();
        Assert.Null(spares.TryTake());
        var context = new Context();
        spares.GiveBack(context);
        Assert.Same(context, spares.TryTake());
        Assert.Null(spares.TryTake());
    }

    [Fact]
    public void More_than_enough_and_what_comes_back_after_the_end_is_disposed()
    {
        var spares = new Spares<Context>();
        var made = Enumerable.Range(0, 20).Select(_ => new Context()).ToList();
        made.ForEach(spares.GiveBack);
        Assert.Equal(12, made.Count(one => one.IsDisposed));
        var used = spares.TryTake()!;
        spares.Dispose();
        Assert.Equal(19, made.Count(one => one.IsDisposed));
        spares.GiveBack(used);
        Assert.All(made, one => Assert.True(one.IsDisposed));
        Assert.Null(spares.TryTake());
    }

    [Fact]
    public void No_context_is_with_two_threads_and_none_is_left_after_the_end()
    {
        for (var round = 0; round < 100; round++)
        {
            var spares = new Spares<Context>();
            var made = new ConcurrentBag<Context>();
            Parallel.For(0, 8, user =>
            {
                for (var count = 0; count < 50; count++)
                {
                    var one = spares.TryTake();
                    if (one is null)
                        made.Add(one = new Context());
                    one.Use();
                    spares.GiveBack(one);
                    if (user == 5 && count == 25)
                        spares.Dispose();
                }
            });
            Assert.All(made, one => Assert.True(one.IsDisposed));
        }
    }

    private sealed class Context : IDisposable
    {
        private int _users;

        public bool IsDisposed { get; private set; }

        public void Use()
        {
            Assert.Equal(1, Interlocked.Increment(ref _users));
            Assert.False(IsDisposed);
            Interlocked.Decrement(ref _users);
        }

        public void Dispose() => IsDisposed = true;
    }
}
