# Run as root on a bare Debian 12 whose /srv is empty but for what a guest needs besides, in /srv/more.
# Then it has Vagrant with libvirt and, as a box of Vagrant's, itself as it was before: for
# emulated processors, booted without a boot loader, with what a base box has by convention.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
guest=/srv/guest made=/srv/made
apt-get -qq update
mkdir "$guest" "$made"
tar -C / --one-file-system --exclude=./srv -cf - . | tar -C "$guest" -xpf -
cp -a /srv/more/. "$guest"

chroot "$guest" apt-get -qq -y --no-install-recommends install \
  linux-image-cloud-amd64 initramfs-tools sudo >/srv/guest.log 2>&1 &
kernel=$!
apt-get -qq -y --no-install-recommends install vagrant vagrant-libvirt libvirt-daemon-system \
  qemu-system-x86 qemu-utils dnsmasq-base iptables >/srv/apt.log 2>&1 || { cat /srv/apt.log; exit 1; }
wait $kernel || { cat /srv/guest.log; exit 1; }

chroot "$guest" apt-get clean
chroot "$guest" useradd -m -s /bin/bash vagrant
install -d -m 700 "$guest/home/vagrant/.ssh"
cp "$(dpkg -L vagrant | grep 'keys/vagrant.pub$')" "$guest/home/vagrant/.ssh/authorized_keys"
chroot "$guest" chown -R vagrant: /home/vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$guest/etc/sudoers.d/vagrant"
printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$guest/etc/systemd/network/en.network"
chroot "$guest" systemctl -q enable systemd-networkd
echo '/dev/vda / ext4 defaults 0 1' >"$guest/etc/fstab"
echo nameserver 192.168.121.1 >"$guest/etc/resolv.conf"
: >"$guest/etc/machine-id"
rm -r "$guest/root/.ssh"
mv "$guest"/boot/vmlinuz-* /srv/vmlinuz
mv "$guest"/boot/initrd.img-* /srv/initrd

truncate -s 8G /srv/raw
mke2fs -q -t ext4 -d "$guest" /srv/raw
rm -rf "$guest" /srv/more
qemu-img convert -O qcow2 /srv/raw "$made/box.img"
rm /srv/raw
echo '{"provider": "libvirt", "format": "qcow2", "virtual_size": 8}' >"$made/metadata.json"
cat >"$made/Vagrantfile" <<'END'
Vagrant.configure("2") do |config|
  config.vm.boot_timeout = 600
  config.vm.provider :libvirt do |machine|
    machine.driver = "qemu"
    machine.cpu_mode = "custom"
    machine.cpu_model = "qemu64"
    machine.kernel = "/srv/vmlinuz"
    machine.initrd = "/srv/initrd"
    machine.cmd_line = "root=/dev/vda rw console=ttyS0 quiet mitigations=off"
  end
end
END
tar -C "$made" -cf /srv/debian12.box metadata.json Vagrantfile box.img
rm -r "$made"
systemctl start libvirtd
