using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Keypace.Server.Web;

/// <summary>What people do on an open page counts as use of their session; what the page shows by itself does not.</summary>
internal sealed class SessionKeeper(Me me) : CircuitHandler
{
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) =>
        async activity =>
        {
            await me.TouchAsync();
            await next(activity);
        };
}
