using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Platform;

/// <summary>
/// Every request gets an id that every answer, log line and usage record can be found by: <c>req_</c>, the process's own
/// eight hex digits, and a count. The hub's id is kept apart (<c>x-keypace-hub-request-id</c>).
/// </summary>
internal sealed class RequestIds
{
    public const string Header = "x-request-id";

    private readonly string _process;
    private long _count;

    /// <param name="startedAt">Makes the ids of two runs differ; nothing else hangs on it.</param>
    public RequestIds(DateTimeOffset startedAt) =>
        _process = ((uint)(startedAt.Ticks / TimeSpan.TicksPerMillisecond)).ToString("x8", CultureInfo.InvariantCulture);

    public string Next() => string.Create(
        CultureInfo.InvariantCulture, $"req_{_process}{Interlocked.Increment(ref _count):x8}");

    /// <summary>Requests since the start.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>The id of this request; set once by the first middleware.</summary>
    public static string Of(HttpContext context) => context.TraceIdentifier;
}
