# What is installed besides the programs, which their own folders install.
set(GATEHOUSE_UNIT_DIR lib/systemd/system CACHE STRING "Where systemd's units go")

install(FILES conf/host/gatehoused.service conf/host/gatehoused.socket
              conf/guest/gatehouse-guest.service conf/guest/gatehouse-guest.socket
        DESTINATION ${GATEHOUSE_UNIT_DIR})
install(FILES conf/host/gatehouse.sysusers DESTINATION lib/sysusers.d RENAME gatehouse.conf)
install(FILES conf/host/gatehouse.tmpfiles DESTINATION lib/tmpfiles.d RENAME gatehouse.conf)
install(FILES conf/host/gatehouse.logrotate DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/logrotate.d RENAME gatehouse)
install(FILES conf/gatehouse.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/gatehouse)
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/gatehouse/conf.d)
install(FILES docs/man/gatehoused.8 docs/man/gatehousectl.8 docs/man/gatehouse-guest.8 docs/man/mount.gatehouse.8
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${PROJECT_BINARY_DIR}/man/gatehouse.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES conf/completions/gatehousectl.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME gatehousectl)
install(FILES conf/completions/_gatehousectl DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES conf/completions/gatehousectl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
