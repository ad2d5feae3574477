using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Live;

/// <summary>
/// A page whose figures are pushed once a second while it is open and its session lives. Pages read their data in <see cref="LoadAsync"/>, which is
/// called once the connection is there and again whenever keys, agents or tokens change; what comes before it is drawn without data.
/// </summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private IDisposable? _subscription;
    private int _revision;

    [Inject] internal Me Me { get; set; } = null!;

    [Inject] internal LiveFeed Feed { get; set; } = null!;

    /// <summary>True once <see cref="LoadAsync"/> has run.</summary>
    protected bool IsLoaded { get; private set; }

    protected abstract Task LoadAsync();

    /// <summary>Once a second, before the page is drawn anew. False leaves the page as it is.</summary>
    protected virtual Task<bool> TickAsync() => Task.FromResult(true);

    protected override async Task OnInitializedAsync()
    {
        if (!RendererInfo.IsInteractive)
            return;
        _subscription = Feed.Subscribe(() => _ = InvokeAsync(OnTickAsync));
        _revision = Feed.Revision;
        await LoadAsync();
        IsLoaded = true;
    }

    private async Task OnTickAsync()
    {
        try
        {
            await DrawAsync();
        }
        catch (ObjectDisposedException)
        {
            // The page was closed between two seconds.
        }
        catch (Exception failure)
        {
            await DispatchExceptionAsync(failure);
        }
    }

    private async Task DrawAsync()
    {
        if (!IsLoaded || await Me.SessionAsync() is null)
            return;
        if (Feed.Revision != _revision)
        {
            _revision = Feed.Revision;
            await LoadAsync();
        }

        if (await TickAsync())
            StateHasChanged();
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
