using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Keypace.Server.Platform;
using Keypace.Tests.Server.Features;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Platform;

/// <summary>
/// A refusal over a real socket whose sending is held up, as on a machine with no time for it: the connection ends behind the refusal, not before it.
/// </summary>
public sealed class UnreadBodyTests
{
    private readonly AskedTime _time = new();
    private readonly TaskCompletionSource _maySend = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(60_000_000)]      // more comes than is dropped
    [InlineData(1_000_000)]       // all of it is dropped in time, or the time is over first
    public async Task A_refusal_is_sent_before_the_connection_ends(int length)
    {
        await using var app = await StartAsync();
        using var client = new TcpClient();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        await client.ConnectAsync(address.Host, address.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"), Ct);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var pushing = PushAsync(stream, length - 10, enough.Token);
        var reading = ReadAsync(stream);

        // Time goes by, more than any body has, before the machine sends what it was given; then it does.
        await Until.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return reading.IsCompleted || _time.Timers >= 40;
        });

        _maySend.SetResult();
        await Until.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            return reading.IsCompleted;
        });
        await enough.CancelAsync();
        await pushing;
        Assert.StartsWith("HTTP/1.1 429", await reading, StringComparison.Ordinal);
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Use(next => connection =>
            {
                connection.Transport = new HeldUp(connection.Transport, _maySend.Task);
                return next(connection);
            });
            listen.Use(next => CallerWatch.Around(next, TimeSpan.FromSeconds(120), _time));
        }));
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.Connection = "close";
            await context.Response.WriteAsync("later");
            await UnreadBody.DropAsync(context, _time);
        });
        await app.StartAsync(Ct);
        return app;
    }

    private static async Task PushAsync(NetworkStream stream, int length, CancellationToken ct)
    {
        var piece = new byte[100_000];
        try
        {
            for (var sent = 0; sent < length; sent += piece.Length)
                await stream.WriteAsync(piece.AsMemory(0, Math.Min(piece.Length, length - sent)), ct);
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException)
        {
            // The server took as much as it takes.
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        var (text, piece) = (new StringBuilder(), new byte[4096]);
        try
        {
            for (int read; (read = await stream.ReadAsync(piece, Ct)) > 0;)
                text.Append(Encoding.ASCII.GetString(piece, 0, read));
        }
        catch (IOException)
        {
            // A reset is an end too.
        }

        return text.ToString();
    }

    /// <summary>Takes what is written, and gives it to the socket only when it may.</summary>
    private sealed class HeldUp : IDuplexPipe
    {
        private readonly Pipe _output = new();

        public HeldUp(IDuplexPipe socket, Task maySend)
        {
            Input = socket.Input;
            _ = Task.Run(async () =>
            {
                await maySend;
                await _output.Reader.CopyToAsync(socket.Output);
                await socket.Output.CompleteAsync();
            });
        }

        public PipeReader Input { get; }

        public PipeWriter Output => _output.Writer;
    }

    /// <summary>How often somebody has begun to wait for it.</summary>
    private sealed class AskedTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _timers);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
