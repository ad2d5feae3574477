namespace Keypace.Domain.Pacing;

/// <summary>A pause that holds only the queries of one secret and destination.</summary>
/// <param name="Until">Tick.</param>
/// <param name="AskEvery">When it is over one query asks, and nothing goes for so many ticks until it is answered; 0: all go.</param>
public readonly record struct SourcePause(Guid Source, long Until, string Why, long AskEvery = 0);

/// <summary>A pause that holds only the queries of one model.</summary>
/// <param name="Until">Tick.</param>
public readonly record struct ModelPause(string Model, long Until, string Why);

/// <summary>Pauses of one source or one model among several that share a rate group: the others go on.</summary>
public sealed partial class Pacer
{
    private PauseGate[]? _gates;   // null: none, which costs nothing

    /// <summary>No quotas and no pause of a source or model: whoever is first may go as soon as the window allows.</summary>
    private bool IsPlain => _meters is null && _gates is null;

    /// <summary>No permit for this source's queries before <paramref name="until"/>, those in line too. Never shortens a pause.</summary>
    /// <param name="askEvery">Above 0: then one of them asks, as with a pause of all.</param>
    public void PauseSource(Guid source, long until, string why, long askEvery = 0)
    {
        var gate = GateOf(source) ?? Add(new PauseGate(source, null));
        Pause(gate, until, why);
        if (askEvery > 0)
            (gate.AskEvery, gate.Asks) = (askEvery, null);
    }

    /// <summary>Another source shares the rate group from now on: a pause that is known to be of one source's hub holds that source only.</summary>
    public void PartPause(long now)
    {
        if (PausedFor is { } source && source != default && (PausedUntil > now || IsAsking))
        {
            PauseSource(source, PausedUntil, PausedWhy ?? "", AskEvery);
            Resume();
        }
    }

    /// <summary>No permit for this model's queries before <paramref name="until"/>, those in line too. Never shortens a pause.</summary>
    public void PauseModel(string model, long until, string why) =>
        Pause(_gates is null ? Add(new PauseGate(default, model)) : Array.Find(_gates, gate => gate.Model == model) ?? AddModel(model), until, why);

    /// <summary>Names of models come from callers: where as many are held as are known, the one that is free first makes room.</summary>
    private PauseGate AddModel(string model)
    {
        var models = Array.FindAll(_gates!, gate => gate.Model is not null);
        if (models.Length >= ModelFates.Most)
        {
            var first = models.MinBy(gate => gate.Until);
            _gates = Array.FindAll(_gates!, gate => gate != first);
        }

        return Add(new PauseGate(default, model));
    }

    /// <summary>Its queries go on as soon as all else allows.</summary>
    public void ResumeSource(Guid source)
    {
        if (GateOf(source) is not null)
            SetGates(Array.FindAll(_gates!, each => each.Model is not null || each.Source != source));
    }

    /// <summary>The queries of every model go on as soon as all else allows.</summary>
    public void ResumeModels()
    {
        if (IsAnyModelHeld)
            SetGates(Array.FindAll(_gates!, each => each.Model is null));
    }

    /// <summary>The pauses of sources that hold now, or end only when a query is answered.</summary>
    public IReadOnlyList<SourcePause> SourcePausesAt(long now) =>
        [.. (_gates ?? []).Where(gate => gate.Matters(now) && gate.Model is null).Select(gate => new SourcePause(gate.Source, gate.Until, gate.Why, gate.AskEvery))];

    /// <summary>The pauses of models that hold now.</summary>
    public IReadOnlyList<ModelPause> ModelPausesAt(long now) =>
        [.. (_gates ?? []).Where(gate => gate.Until > now && gate.Model is not null).Select(gate => new ModelPause(gate.Model!, gate.Until, gate.Why))];

    /// <summary>A pause of its source or model holds such a query now.</summary>
    public bool IsHeldApart(in QueryNeed need, long now) => GateOn(need) is { } gate && !gate.Allows(0, now);

    private bool IsAnyModelHeld => _gates is not null && Array.Exists(_gates, gate => gate.Model is not null);

    private PauseGate Add(PauseGate gate)
    {
        SetGates([.. _gates ?? [], gate]);
        return gate;
    }

    private static void Pause(PauseGate gate, long until, string why)
    {
        if (until > gate.Until)
            (gate.Until, gate.Why) = (until, why);
    }

    private void SetGates(PauseGate[] gates)
    {
        var wereByModel = IsAnyModelHeld;
        _gates = gates.Length == 0 ? null : gates;
        if (_lines is null || IsAnyModelHeld != wereByModel)
            Reline();
        else
            _lines.OpenAll();
    }

    /// <summary>Pauses that are over cost nothing any more.</summary>
    private void DropGates(long now)
    {
        if (Array.Exists(_gates!, gate => !gate.Matters(now)))
            SetGates(Array.FindAll(_gates!, gate => gate.Matters(now)));
    }

    private PauseGate? GateOf(Guid source) => _gates is null ? null : Array.Find(_gates, gate => gate.Model is null && gate.Source == source);

    /// <summary>Of the gates that concern such a query the one that opens last; null: none does.</summary>
    private PauseGate? GateOn(in QueryNeed need)
    {
        PauseGate? last = null;
        foreach (var gate in _gates ?? [])
        {
            if (gate.Holds(need.Model, need.Source) && (last is null || gate.Until > last.Until))
                last = gate;
        }

        return last;
    }

    private bool IsAnyPartPaused(long now) => _gates is not null && Array.Exists(_gates, gate => gate.Matters(now));
}
