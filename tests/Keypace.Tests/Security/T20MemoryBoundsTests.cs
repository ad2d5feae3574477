using System.IO.Pipelines;
using System.Text;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Security;

/// <summary>No body takes more memory than is set aside for it, however it is framed, and no shape of JSON more than its size.</summary>
public sealed class T20MemoryBoundsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_over_the_bound_is_refused_within_64_KiB_of_it()
    {
        var threat = new Threat("T20", "bodies over the bound");
        var random = new Random(threat.Seed);
        var bodies = new WaitingBodies(new GatewayOptions());
        for (var index = 0; index < Threat.Cases(50, 1_000); index++)
        {
            var most = random.Next(1, 2_000_000);
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
            var context = new DefaultHttpContext();
            context.Features.Set<IRequestBodyPipeFeature>(new Body(pipe.Reader));
            var reading = RequestBody.ReadAsync(context.Request, most, bodies.For("one"), new FakeTimeProvider(), Ct).AsTask();
            var sent = 0;
            for (; !reading.IsCompleted && sent <= most + 64 * 1024;)
            {
                var piece = new byte[random.Next(1, 64 * 1024)];
                await pipe.Writer.WriteAsync(piece, Ct);
                sent += piece.Length;
            }

            var isRefused = reading.IsCompleted && !(await reading).TryGet(out _, out var refusal) && refusal.Code == "body_too_large";
            threat.Check(isRefused && sent <= most + 64 * 1024 && bodies.HeldBytes == 0, () => $"{most} bytes allowed, {sent} sent, {bodies.HeldBytes} held");
            await pipe.Writer.CompleteAsync();
        }

        threat.Done();
    }

    [Fact]
    public void Bombs_of_JSON_are_refused()
    {
        var threat = new Threat("T20", "bombs of JSON");
        string[] bombs =
        [
            new('[', 1_000_000), new('{', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 200_000)), "{\"a\":" + new string('[', 100) + new string(']', 100) + "}",
            "{" + string.Join(',', Enumerable.Repeat("\"model\":\"m\"", 50_000)) + "}", "{\"model\":\"m\",\"model\":\"n\"}", "{\"model\":\"" + new string('a', 900_000), "\"", "{\"model\":\"\\ud800\"}", new(' ', 1_000_000),
            "{\"a\":1e99999999999999999999999999999999999999999999999999999999999999", "[1,2", "{\"a\":\"\0\"}", "nul", "{\"a\":tru}",
        ];
        foreach (var bomb in bombs)
        {
            var bytes = Encoding.UTF8.GetBytes(bomb);
            threat.Check(!BodyReader.Parse(bytes).TryGet(out var fields, out _) || bomb.Contains("\"model\"", StringComparison.Ordinal) && fields is not null, () => $"management took {bomb[..Math.Min(30, bomb.Length)]}");
            threat.Check(!BodyScan.Of(bytes).TryGet(out _, out _) || bomb.StartsWith("{\"a\":[", StringComparison.Ordinal), () => $"a query took {bomb[..Math.Min(30, bomb.Length)]}");
        }

        threat.Done();
    }

    private sealed class Body(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
