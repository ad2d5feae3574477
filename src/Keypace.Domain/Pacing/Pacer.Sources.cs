namespace Keypace.Domain.Pacing;

/// <summary>A pause that holds only the queries of one secret and destination.</summary>
/// <param name="Until">Tick.</param>
public readonly record struct SourcePause(Guid Source, long Until, string Why);

/// <summary>Pauses of one source among several that share a rate group: the others go on.</summary>
public sealed partial class Pacer
{
    private SourceGate[]? _gates;   // null: none, which costs nothing

    /// <summary>No quotas and no pause of a source: whoever is first may go as soon as the window allows.</summary>
    private bool IsPlain => _meters is null && _gates is null;

    /// <summary>No permit for this source's queries before <paramref name="until"/>, those in line too. Never shortens a pause.</summary>
    public void PauseSource(Guid source, long until, string why)
    {
        var gate = GateOf(source);
        if (gate is null)
        {
            gate = new SourceGate(source);
            SetGates([.. _gates ?? [], gate]);
        }

        if (until > gate.Until)
        {
            (gate.Until, gate.Why) = (until, why);
        }
    }

    /// <summary>Its queries go on as soon as all else allows.</summary>
    public void ResumeSource(Guid source)
    {
        if (GateOf(source) is not null)
        {
            SetGates(Array.FindAll(_gates!, each => each.Source != source));
        }
    }

    /// <summary>The pauses of sources that hold now.</summary>
    public IReadOnlyList<SourcePause> SourcePausesAt(long now) =>
        [.. (_gates ?? []).Where(gate => gate.Until > now).Select(gate => new SourcePause(gate.Source, gate.Until, gate.Why))];

    private void SetGates(SourceGate[] gates)
    {
        _gates = gates.Length == 0 ? null : gates;
        if (_lines is null)
        {
            Reline();
        }
        else
        {
            _lines.OpenAll();
        }
    }

    /// <summary>Pauses that are over cost nothing any more.</summary>
    private void DropGates(long now)
    {
        if (Array.Exists(_gates!, gate => gate.Until <= now))
        {
            SetGates(Array.FindAll(_gates!, gate => gate.Until > now));
        }
    }

    private SourceGate? GateOf(Guid source) => _gates is null ? null : Array.Find(_gates, gate => gate.Source == source);

    private bool IsAnySourcePaused(long now) => _gates is not null && Array.Exists(_gates, gate => gate.Until > now);
}
