using System.IO.Pipelines;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Tests.Server.Platform;

/// <summary>What may block leaves the threads that carry the queries: at once, and again after each piece of a body that came late.</summary>
public sealed class OffTheSocketsTests
{
    [Fact]
    public async Task A_request_goes_on_on_the_pool_and_so_does_a_body_that_comes_later()
    {
        var body = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var (isOnPool, isOnPoolAfterBody) = (false, false);
        var isReading = new TaskCompletionSource();
        var context = new DefaultHttpContext { Request = { Body = body.Reader.AsStream() } };
        var off = new OffTheSockets(async request =>
        {
            isOnPool = Thread.CurrentThread.IsThreadPoolThread;
            var read = request.Request.Body.ReadAsync(new byte[8]);
            isReading.SetResult();
            Assert.Equal(3, await read);
            isOnPoolAfterBody = Thread.CurrentThread.IsThreadPoolThread;
        });

        Task? ended = null;
        OnAThreadOfItsOwn(() => ended = off.InvokeAsync(context));
        await isReading.Task;
        OnAThreadOfItsOwn(() => _ = body.Writer.WriteAsync(new byte[3]).AsTask());
        await ended!;

        Assert.True(isOnPool);
        Assert.True(isOnPoolAfterBody);
    }

    /// <summary>As a socket's thread does it: what can go on at once goes on there.</summary>
    private static void OnAThreadOfItsOwn(ThreadStart work)
    {
        var thread = new Thread(work);
        thread.Start();
        thread.Join();
    }
}
