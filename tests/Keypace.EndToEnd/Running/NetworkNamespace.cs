using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Keypace.Demo;
using Microsoft.Win32.SafeHandles;

namespace Keypace.EndToEnd;

/// <summary>
/// A network of its own in which every address of the world, of both families, is this machine: whatever is dialled arrives at a listener of the test. Only
/// root can make one.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const int NewNetwork = 0x4000_0000;   // CLONE_NEWNET

    private readonly string _name;
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _inside;

    private NetworkNamespace(string name)
    {
        _name = name;
        _inside = new Thread(Work) { IsBackground = true, Name = name };
        _inside.Start();
    }

    /// <summary>What is written before a program to start it inside.</summary>
    public IReadOnlyList<string> Prefix => ["/usr/sbin/ip", "netns", "exec", _name];

    /// <summary>Skips the test where none can be made.</summary>
    /// <param name="resolver">The address that programs inside ask for names.</param>
    public static async Task<NetworkNamespace> CreateAsync(string resolver)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/ip"), "Only root on Linux can make a network namespace (Debian package iproute2).");
        var name = $"keypace-{Environment.ProcessId}";
        Directory.CreateDirectory($"/etc/netns/{name}");
        await File.WriteAllTextAsync($"/etc/netns/{name}/resolv.conf", $"nameserver {resolver}\noptions timeout:5 attempts:1\n");
        var (made, output) = await ChildProcess.RunAsync("/bin/sh", ["-ec", $"ip netns add {name}; n='ip -n {name}'; $n link set lo up; $n route add local 0.0.0.0/0 dev lo; $n -6 route add local ::/0 dev lo"]);
        if (made != 0)
        {
            Remove(name);
            Assert.Skip($"No network namespace can be made here: {output}");
        }

        return new NetworkNamespace(name);
    }

    /// <summary>A socket inside, made and bound by <paramref name="make"/>; it can be used from any thread.</summary>
    public async Task<Socket> OpenAsync(Func<Socket> make)
    {
        var done = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(make());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        return await done.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _inside.Join();
        _work.Dispose();
        Remove(_name);
    }

    private static void Remove(string name)
    {
        ChildProcess.RunAsync("/usr/sbin/ip", ["netns", "del", name]).GetAwaiter().GetResult();
        Directory.Delete($"/etc/netns/{name}", recursive: true);
    }

    /// <summary>A thread's network is its own, and its sockets' for ever.</summary>
    private void Work()
    {
        using (var handle = File.OpenHandle($"/var/run/netns/{_name}"))
        {
            if (Enter(handle, NewNetwork) != 0)
                throw new InvalidOperationException($"setns failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        foreach (var work in _work.GetConsumingEnumerable())
            work();
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Enter(SafeFileHandle network, int kind);
}
