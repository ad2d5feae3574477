namespace Keypace.Server.People.SettingUp;

/// <summary>What to take back when setting up fails half-way, last done first. A failure to take back does not hide the failure before it.</summary>
internal sealed class Undo
{
    private readonly Stack<Action> _steps = new();

    public void Add(Action step) => _steps.Push(step);

    public void All()
    {
        while (_steps.TryPop(out var step))
        {
            try
            {
                step();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }
    }

    public void Nothing() => _steps.Clear();
}
