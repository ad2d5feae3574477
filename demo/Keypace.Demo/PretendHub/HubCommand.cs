using System.Runtime.InteropServices;

namespace Keypace.Demo;

/// <summary><c>Keypace.Demo hub …</c>: the pretend hub as its own process; prints its address and runs until it is told to stop.</summary>
internal static class HubCommand
{
    public const string Usage = """
        hub [--port 0] [--require-key KEY] [--key-header authorization] [--limit 60/10] [--enforce window|slices|bucketOfASecond] [--slice 1] [--foreign 0.3] [--dialect openAi|draft|plain|anthropic] [--drop 0.01] [--no-retry-after] [--delay 0-200] [--seed 1]
            [--chunks 8] [--chunk-interval MS] [--answer-bytes 0] [--echo] [--fault NAME] [--fault-times K] [--redirect-to URL]
            GET /_log, GET /_report?limit=60/10 and POST /_reset tell what arrived.
        """;

    public static async Task<int> RunAsync(string[] arguments)
    {
        PretendHubOptions options;
        try
        {
            options = Parse(arguments);
        }
        catch (Exception exception) when (exception is FormatException or IndexOutOfRangeException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message}\n{Usage}");
            return 2;
        }

        await using var hub = await PretendHub.StartAsync(options);
        Console.WriteLine(hub.Address);
        var stop = new TaskCompletionSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await stop.Task;
        return 0;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.TrySetResult();
        }
    }

    private static PretendHubOptions Parse(string[] arguments)
    {
        var options = new PretendHubOptions();
        for (var index = 0; index < arguments.Length; index++)
        {
            string Next() => arguments[++index];
            int Number() => int.Parse(Next(), Wire.Culture);
            options = arguments[index] switch
            {
                "--port" => options with { Port = Number() },
                "--require-key" => options with { RequiredKey = Next() },
                "--key-header" => options with { KeyHeader = Next() },
                "--limit" => options with { Limit = HubLimit.Parse(Next()) },
                "--enforce" => options with { Enforcement = Enum.Parse<HubEnforcement>(Next(), ignoreCase: true) },
                "--slice" => options with { SliceSeconds = Number() },
                "--foreign" => options with { ForeignShare = double.Parse(Next(), Wire.Culture) },
                "--dialect" => options with { Dialect = Enum.Parse<HubDialect>(Next(), ignoreCase: true) },
                "--drop" => options with { DropShare = double.Parse(Next(), Wire.Culture) },
                "--no-retry-after" => options with { SaysRetryAfter = false },
                "--delay" => options with { DelayMs = Range(Next()) },
                "--seed" => options with { Seed = Number() },
                "--chunks" => options with { Chunks = Number() },
                "--chunk-interval" => options with { ChunkIntervalMs = Number() },
                "--answer-bytes" => options with { AnswerBytes = Number() },
                "--echo" => options with { Echo = true },
                "--fault" => options with { Fault = Enum.Parse<HubFault>(Next(), ignoreCase: true) },
                "--fault-times" => options with { FaultTimes = Number() },
                "--redirect-to" => options with { RedirectTo = Next() },
                var unknown => throw new FormatException($"Unknown option '{unknown}'."),
            };
        }

        return options;
    }

    private static (int Least, int Most) Range(string text)
    {
        var parts = text.Split('-');
        return (int.Parse(parts[0], Wire.Culture), int.Parse(parts[^1], Wire.Culture));
    }
}
