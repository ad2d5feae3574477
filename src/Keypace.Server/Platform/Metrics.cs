using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Keypace.Server.Platform;

/// <summary>
/// What <c>GET /metrics</c> says, in Prometheus' text form. A figure is read when somebody asks, so counting costs its owner nothing more than
/// the counter it already has. No figure bears a name that a person gave: anybody who reaches the port may read them.
/// </summary>
internal sealed class Metrics
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ConcurrentQueue<Figure> _figures = new();

    private sealed record Figure(string Name, string Kind, string Help, Func<IEnumerable<(string Labels, double Value)>> Read);

    /// <param name="name">Such as <c>keypace_usage_records_total</c>.</param>
    /// <param name="help">What it counts, since when.</param>
    public void AddCounter(string name, string help, Func<double> read) => _figures.Enqueue(new Figure(name, "counter", help, () => [("", read())]));

    /// <param name="help">What it is, with the unit.</param>
    public void AddGauge(string name, string help, Func<double> read) => _figures.Enqueue(new Figure(name, "gauge", help, () => [("", read())]));

    /// <param name="kind"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    /// <param name="read">What follows the name on each line (labels in braces, a histogram's ending before them), and the value.</param>
    public void AddFamily(string name, string kind, string help, Func<IEnumerable<(string Labels, double Value)>> read) =>
        _figures.Enqueue(new Figure(name, kind, help, read));

    public ReadOnlyMemory<byte> Write()
    {
        var text = new ArrayBufferWriter<byte>(4096);
        foreach (var figure in _figures)
        {
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"# HELP {figure.Name} {figure.Help}\n# TYPE {figure.Name} {figure.Kind}\n"), text);
            foreach (var (labels, value) in figure.Read())
                Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{figure.Name}{labels} {value:R}\n"), text);
        }

        return text.WrittenMemory;
    }
}
