using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Platform.Logging;

/// <summary>
/// One line an event, to the error stream: time, level, where, what. Line breaks in a message are written as spaces, so that nothing that came
/// over the network can forge a line.
/// </summary>
internal sealed class LineLog(TextWriter writer, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _writing = new();

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        // The writer is the process's own.
    }

    private void Write(LogLevel level, string category, string message, Exception? failure)
    {
        var at = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var line = $"{at} {Word(level)} {category}: {message}{(failure is null ? "" : $" | {failure}")}".ReplaceLineEndings(" ").Replace('\u001b', ' ');
        lock (_writing)
            writer.WriteLine(line);
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    private sealed class Category(LineLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not AnswerCutException)
                log.Write(logLevel, name, formatter(state, exception), exception);
        }
    }
}
