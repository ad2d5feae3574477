using System.IO.Pipelines;
using Keypace.Server.Platform;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Platform;

public sealed class CallerWatchTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _socket = new(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
    private long _taken;
    private int _cuts;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private CallerWatch Watch() => new(_socket.Writer, () => _taken, () => _cuts++, TimeSpan.FromSeconds(120), _time);

    [Fact]
    public async Task Who_takes_nothing_for_120_seconds_is_cut()
    {
        var writing = Watch().WriteAsync(new byte[2000], Ct);
        Assert.False(writing.IsCompleted);
        Pass(seconds: 119);
        Assert.Equal(0, _cuts);
        Pass(seconds: 4);
        Assert.NotEqual(0, _cuts);
        await _socket.Reader.CompleteAsync();
        await writing;
    }

    [Fact]
    public void Who_takes_a_little_now_and_then_is_not_cut_and_stopping_later_is_found()
    {
        var writing = Watch().WriteAsync(new byte[2000], Ct).AsTask();
        for (var times = 0; times < 10; times++)
        {
            Pass(seconds: 110);
            _taken++;                     // the socket has no room yet, but the caller's machine acknowledged a byte
        }

        Assert.Equal(0, _cuts);
        Pass(seconds: 124);
        Assert.NotEqual(0, _cuts);
        Assert.False(writing.IsCompleted);
    }

    [Fact]
    public async Task An_answer_that_is_silent_costs_its_caller_nothing()
    {
        var watch = Watch();
        await watch.WriteAsync(new byte[10], Ct);
        Pass(seconds: 3600);
        var waiting = watch.WriteAsync(new byte[2000], Ct);
        Pass(seconds: 60);
        _socket.Reader.TryRead(out var all);
        _socket.Reader.AdvanceTo(all.Buffer.End);
        await waiting;
        Pass(seconds: 3600);
        Assert.Equal(0, _cuts);
    }

    private void Pass(int seconds)
    {
        for (var second = 0; second < seconds; second++)
            _time.Advance(TimeSpan.FromSeconds(1));
    }
}
