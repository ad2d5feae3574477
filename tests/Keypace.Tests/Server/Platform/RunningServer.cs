using Keypace.Server;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Platform;

/// <summary>The server in this process on a free port, over real sockets and a real store.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<int> _run;
    private bool _isStopped;

    private RunningServer(Task<int> run, CancellationTokenSource stop, Uri address)
    {
        _run = run;
        _stop = stop;
        Address = address;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false }) { BaseAddress = address };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>Throws with what the server said when it does not come up.</summary>
    public static async Task<RunningServer> StartAsync(TestFolder folder, bool isTerminal = false, string? publicUrl = null, TimeProvider? time = null)
    {
        var stop = new CancellationTokenSource();
        var line = new FirstLine();
        var around = folder.Around(isTerminal) with { Output = TextWriter.Synchronized(new Both(line, folder.Output)) };
        around = around with { Time = time ?? around.Time };
        if (publicUrl is not null)
            around = around with { Variables = new Dictionary<string, string>(around.Variables) { ["KEYPACE_PUBLIC_URL"] = publicUrl } };
        var options = new ServeOptions(folder.Data.Path, folder.Kek, ["http://127.0.0.1:0"], new Dictionary<string, string>());
        var run = Task.Run(() => KeypaceServer.RunAsync(options, around, stop.Token));
        await Task.WhenAny(run, line.Told);
        return line.Told.IsCompleted
            ? new RunningServer(run, stop, new Uri((await line.Told).Split(' ')[^1]))
            : throw new InvalidOperationException($"It ended with {await run}: {folder.Errors}");
    }

    public async Task<int> StopAsync()
    {
        _isStopped = true;
        await _stop.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isStopped)
            await StopAsync();
        Http.Dispose();
        _stop.Dispose();
    }

    private sealed class FirstLine
    {
        private readonly TaskCompletionSource<string> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Told => _told.Task;

        public void Tell(string line) => _told.TrySetResult(line);
    }

    private sealed class Both(FirstLine first, TextWriter rest) : TextWriter
    {
        public override System.Text.Encoding Encoding => rest.Encoding;

        public override void Write(char value) => rest.Write(value);

        public override void WriteLine(string? value)
        {
            rest.WriteLine(value);
            // The set-up link follows the address at once; a test that wants it reads the output after its first request.
            first.Tell(value ?? "");
        }

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }
    }
}
